"""Errors as documents."""

from enum import StrEnum

from plan_contracts.base import Contract
from plan_contracts.scalars import Positive
from plan_contracts.source_location import SourceLocation


class SubjectKind(StrEnum):
    """What the subject of an error is, so that a program knows where to look it up."""

    ARTIFACT = "artifact"
    COLUMN_TYPE = "column_type"
    CONTRACT = "contract"
    DATASET = "dataset"
    EXECUTOR = "executor"
    EXPRESSION = "expression"
    FIELD = "field"
    FILE = "file"
    FOLDER = "folder"
    INPUT = "input"
    NAME = "name"
    NODE = "node"
    PROFILE = "profile"
    PROJECT = "project"
    RUN = "run"
    RUNTIME = "runtime"
    SETTING = "setting"
    TASK = "task"
    VARIABLE = "variable"
    VIEW = "view"
    WORKER = "worker"


class TracebackFrame(Contract, frozen=True, kw_only=True):
    """One call on the way to an exception, in a file that the user wrote."""

    file: str
    """Relative to plan.toml, with forward slashes."""
    line: Positive
    """Line that was being run, from 1."""
    function: str
    """Function that it belongs to."""
    text: str = ""
    """The line, without the white space around it."""


class ErrorPayload(Contract, frozen=True, kw_only=True):
    """What went wrong, where, and what to do about it."""

    code: str
    """Stable code, as listed in the published catalogue of errors."""
    stage: str
    """Part of the product that noticed it."""
    message: str
    """What happened, to which thing."""
    subject: str | None = None
    """The thing that it happened to; `subject_kind` says what it is."""
    subject_kind: SubjectKind | None = None
    """What `subject` is; none where there is no subject."""
    related: tuple[str, ...] = ()
    """Further names that the error is about, in order; the catalogue says what they are for each code."""
    location: SourceLocation | None = None
    """Where in a file that the user wrote."""
    suggestion: str | None = None
    """What to do."""
    transient: bool = False
    """Whether the same may well succeed when it is tried again."""
    traceback: tuple[TracebackFrame, ...] = ()
    """The user's own calls that led to it, outermost first; empty where no code of the user ran."""


class ErrorReport(Contract, frozen=True, kw_only=True):
    """Why a command could not do what it was asked to."""

    errors: tuple[ErrorPayload, ...]
    """Every independent reason."""
