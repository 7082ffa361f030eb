"""Documents about the published contracts themselves: the index, and what `plan-cli contracts` prints."""

from typing import Literal

from plan_contracts.base import Contract
from plan_contracts.error_catalogue import ErrorCode
from plan_contracts.evidence import Column
from plan_contracts.scalars import Count, Sha256, Version

ReleaseState = Literal["draft", "released"]
"""`draft` may still change, `released` never does."""


class PublishedFiles(Contract, frozen=True, kw_only=True):
    """One version of a contract in `INDEX.json`."""

    contract: str
    """The contract's name."""
    version: Version
    """`major.minor`."""
    state: ReleaseState
    """`draft` or `released`."""
    files: dict[str, Sha256]
    """sha256 in hexadecimal by path below `contracts/`."""


class PublishedIndex(Contract, frozen=True, kw_only=True):
    """`INDEX.json`: what is published."""

    contracts: tuple[PublishedFiles, ...] = ()
    """Sorted by name, then version."""
    other: dict[str, Sha256] = {}
    """sha256 in hexadecimal of each further file, by path."""


class ArrowTable(Contract, frozen=True, kw_only=True):
    """A stored table."""

    table: str
    """Its name."""
    columns: tuple[Column, ...]
    """Its columns, in order, in canonical types."""


class ErrorCatalogue(Contract, frozen=True, kw_only=True):
    """All error codes."""

    errors: tuple[ErrorCode, ...]
    """Sorted by package, then code."""


class ContractSummary(Contract, frozen=True, kw_only=True):
    """One contract among all."""

    name: str
    """Its published name; for an event its `kind`."""
    version: Version
    """`major.minor`."""
    state: ReleaseState
    """`draft` or `released`."""
    summary: str
    """What it is, in one sentence."""


class ContractList(Contract, frozen=True, kw_only=True):
    """Every published contract."""

    contracts: tuple[ContractSummary, ...]
    """Sorted by name, then version."""


class FieldDescription(Contract, frozen=True, kw_only=True):
    """One field of a type."""

    name: str
    """Its name in JSON and MessagePack."""
    type: str
    """What it holds, as `text`, `number`, `list of Column` or `map of text to Evidence`, with its bounds."""
    required: bool
    """Whether it must be there."""
    default: str | None = None
    """What it is when it is left out, as JSON; none where it is required."""
    in_identity: bool = True
    """Whether the identity form holds it; fields that differ between two runs of the same plan are left out."""
    description: str
    """What it means."""


class TypeDescription(Contract, frozen=True, kw_only=True):
    """A map of a contract: the document itself, or a part of it."""

    name: str
    """The name under which fields refer to it."""
    summary: str
    """What it is, in one sentence."""
    values: tuple[str, ...] = ()
    """The texts that are allowed, where it is a closed set of them."""
    fields: tuple[FieldDescription, ...] = ()
    """Its fields, in the order of canonical bytes."""


class ContractDescription(Contract, frozen=True, kw_only=True):
    """Everything that is to be known of one contract."""

    name: str
    """Its published name."""
    version: Version
    """`major.minor`."""
    state: ReleaseState
    """`draft` or `released`."""
    summary: str
    """What it is, in one sentence."""
    hand_written: bool = False
    """Whether people type it, so that unknown fields are refused."""
    types: tuple[TypeDescription, ...]
    """The document's own type first, then those that it holds, in the order in which they are met."""
    cases: tuple[str, ...]
    """Names of the examples, sorted."""
    refusals: tuple[str, ...]
    """Names of the documents that are refused, sorted."""


class FileFault(Contract, frozen=True, kw_only=True):
    """What is wrong with one file."""

    file: str
    """The file."""
    message: str
    """What is wrong."""


class FolderReport(Contract, frozen=True, kw_only=True):
    """What a folder of documents, or of published contracts, holds."""

    folder: str
    """The folder, as it was given."""
    documents: Count
    """Documents that were checked; each row of an event segment counts."""
    passed_over: Count = 0
    """Files that are no documents, such as outputs and SQL."""
    faults: tuple[FileFault, ...] = ()
    """Sorted by file."""
