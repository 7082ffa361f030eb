"""The root of every error that a user may meet, and a group of independent ones."""

from collections.abc import Sequence
from typing import ClassVar

from plan_contracts.errors_payload import ErrorPayload, SubjectKind, TracebackFrame
from plan_contracts.source_location import SourceLocation


class PlanError(Exception):
    """Something cannot go on, and the message says what to do about it.

    Subclasses set `code` (stable, published), `stage` (the part of the product), `exit_code`, `subject_kind` (what
    their subject is), `related_names` (what `related` lists) and `transient` (whether trying again may help), and also
    inherit the builtin that a caller would expect.

    Parameters
    ----------
    message
        What happened, to which thing; one or two sentences without a trailing line break.
    subject
        The dataset, view, task, file or setting it happened to.
    related
        Further names that it is about, in order.
    location
        Where in a file that a person wrote.
    suggestion
        What to do about it.
    traceback
        The user's own calls that led to it, outermost first.
    """

    code: ClassVar[str] = "plan_error"
    stage: ClassVar[str] = "plan"
    exit_code: ClassVar[int] = 2
    subject_kind: ClassVar[SubjectKind | None] = None
    related_names: ClassVar[str | None] = None
    transient: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        subject: str | None = None,
        related: Sequence[str] = (),
        location: SourceLocation | None = None,
        suggestion: str | None = None,
        traceback: Sequence[TracebackFrame] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.subject = subject
        self.related: tuple[str, ...] = tuple(related)
        self.location = location
        self.suggestion = suggestion
        self.traceback: tuple[TracebackFrame, ...] = tuple(traceback)

    def payload(self) -> ErrorPayload:
        """Give the error as a document."""
        return ErrorPayload(
            code=self.code,
            stage=self.stage,
            message=self.message,
            subject=self.subject,
            subject_kind=None if self.subject is None else self.subject_kind,
            related=self.related,
            location=self.location,
            suggestion=self.suggestion,
            transient=self.transient,
            traceback=self.traceback,
        )

    def __str__(self) -> str:
        """Give location, message and suggestion on one or two lines."""
        place = f"{self.location}: " if self.location is not None else ""
        mend = f"\n  {self.suggestion}" if self.suggestion else ""
        return f"{place}{self.message}{mend}"


class PlanErrors(PlanError):
    """Several independent errors; each must be mended.

    Parameters
    ----------
    errors
        At least one error, in the order in which they are to be shown.
    """

    code = "plan_errors"

    def __init__(self, errors: Sequence[PlanError]) -> None:
        count = len(errors)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} found")
        self.errors: tuple[PlanError, ...] = tuple(errors)

    def __str__(self) -> str:
        """Give every error, one after the other."""
        return "\n".join(str(error) for error in self.errors)


def raise_all(errors: Sequence[PlanError]) -> None:
    """Raise what was collected: nothing for no error, the error itself for one, `PlanErrors` for several.

    Raises
    ------
    PlanError
        When `errors` is not empty.
    """
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise PlanErrors(errors)


class NameRefused(PlanError, ValueError):
    """A dataset, view, task or profile has a name outside the grammar, or two names differ only in case."""

    code = "name_refused"
    subject_kind = SubjectKind.NAME
    stage = "contracts"


class DocumentRefused(PlanError, ValueError):
    """Bytes are not a valid document of the contract: read `message` for the path of the first fault."""

    code = "document_refused"
    subject_kind = SubjectKind.CONTRACT
    stage = "contracts"


class NotCanonical(PlanError, ValueError):
    """A document holds a number that has no canonical form (NaN or an infinity)."""

    code = "not_canonical"
    subject_kind = SubjectKind.FIELD
    stage = "contracts"


class TypeNotCanonical(PlanError, ValueError):
    """A column type is not in the canonical grammar, or has no counterpart there."""

    code = "type_not_canonical"
    subject_kind = SubjectKind.COLUMN_TYPE
    stage = "contracts"


class ContractUnknown(PlanError, LookupError):
    """No contract of that name is published: look at the names in `contracts/INDEX.json`."""

    code = "contract_unknown"
    subject_kind = SubjectKind.CONTRACT
    stage = "contracts"


class ContractFrozen(PlanError, ValueError):
    """A released version of a contract would change: give the change a new version instead."""

    code = "contract_frozen"
    subject_kind = SubjectKind.CONTRACT
    stage = "contracts"


class ExportUnstable(PlanError, RuntimeError):
    """Two passes of the export wrote different bytes: make the named file independent of time and chance."""

    code = "export_unstable"
    subject_kind = SubjectKind.FILE
    stage = "contracts"


class ProjectFileMissing(PlanError, FileNotFoundError):
    """The folder holds no plan.toml: name the folder that does, or write one."""

    code = "project_file_missing"
    subject_kind = SubjectKind.FILE
    stage = "project"


class ProjectFileMalformed(PlanError, ValueError):
    """plan.toml is not TOML: look at the line and column."""

    code = "project_file_malformed"
    subject_kind = SubjectKind.FILE
    stage = "project"


class ProjectFileInvalid(PlanError, ValueError):
    """plan.toml is TOML, with a key or value that is not known there."""

    code = "project_file_invalid"
    subject_kind = SubjectKind.SETTING
    stage = "project"


class ProfileUnknown(PlanError, ValueError):
    """plan.toml defines no profile of that name."""

    code = "profile_unknown"
    subject_kind = SubjectKind.PROFILE
    stage = "project"


class VariableUnknown(PlanError, LookupError):
    """`--var` names a variable that plan.toml does not have: declare it under `[vars]`."""

    code = "variable_unknown"
    subject_kind = SubjectKind.VARIABLE
    stage = "project"


class VariableRefused(PlanError, ValueError):
    """A variable's value is none of its type, or the variable is secret and its value was given in the open."""

    code = "variable_refused"
    subject_kind = SubjectKind.VARIABLE
    stage = "project"
