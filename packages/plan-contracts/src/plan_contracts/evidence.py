"""What is known of a dataset or of a view's output."""

from enum import StrEnum

from plan_contracts.base import Contract, HandWritten
from plan_contracts.scalars import ByteCount, ColumnType, Integer, Name, Rows


class Exactness(StrEnum):
    """How far a number of rows or bytes can be trusted."""

    EXACT = "exact"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


class Column(Contract, frozen=True, kw_only=True):
    """One column of a dataset or of a view's output."""

    name: str
    """The column's name as the files or the query spell it."""
    type: ColumnType
    """Canonical type."""
    nullable: bool = True
    """Whether the schema allows nulls."""
    metadata: dict[str, str] = {}
    """Field metadata of the Arrow schema."""


UniqueKey = str | tuple[str, ...]
"""One column, or several that are unique together."""

AcceptedValue = str | Integer | float | bool
"""A value that a column may hold."""


class DataContract(HandWritten, frozen=True, kw_only=True):
    """What the project declares about a dataset or a view's output."""

    columns: dict[str, ColumnType] = {}
    """Columns that must exist, with their types; further columns are allowed."""
    not_null: tuple[str, ...] = ()
    """Columns that hold no null."""
    metadata: dict[str, str] = {}
    """Schema metadata that must be there."""
    min_rows: Rows | None = None
    """Fewest rows allowed."""
    max_rows: Rows | None = None
    """Most rows allowed."""
    unique: tuple[UniqueKey, ...] = ()
    """Columns, or groups of them, of whose values no two rows hold the same; rows with a null in one do not count."""
    accepted_values: dict[str, tuple[AcceptedValue, ...]] = {}
    """Per column the only values that it holds; null is always accepted."""
    expressions: dict[str, str] = {}
    """Predicates in SQL, by name; a row for which one is false offends, and a row for which it is null does not."""


class ColumnValues(Contract, frozen=True, kw_only=True):
    """What is known of the values of a column, apart from null; dates are texts such as `2026-01-31`."""

    within: tuple[AcceptedValue, ...] | None = None
    """Every value that it holds is one of these; none when they are too many, or not known."""
    held: tuple[AcceptedValue, ...] = ()
    """Some of the values that it certainly holds."""


class EvidenceSource(StrEnum):
    """Where evidence was taken from."""

    FILES = "files"
    PLAN = "plan"
    DECLARED = "declared"


class Evidence(Contract, frozen=True, kw_only=True):
    """Columns, metadata, rows and bytes of one dataset or view."""

    name: Name
    """Dataset or view."""
    source: EvidenceSource
    """Whether the files, the logical plan or a declaration says so."""
    columns: tuple[Column, ...]
    """All columns, in the order of the schema."""
    metadata: dict[str, str] = {}
    """Metadata of the Arrow schema."""
    rows: Rows | None = None
    """Rows; none when unknown."""
    bytes: ByteCount | None = None
    """Bytes on storage; none when unknown."""
    exactness: Exactness = Exactness.UNKNOWN
    """How far `rows` and `bytes` can be trusted."""
    null_counts: dict[str, Rows] = {}
    """Nulls by column, exact, as far as files count them and a contract asks; a column that is missing is unknown."""
    values: dict[str, ColumnValues] = {}
    """Values by column, as far as files tell them and a contract asks; a column that is missing is unknown."""
    contract: DataContract | None = None
    """What the project declares about it."""


class EvidenceCatalog(Contract, frozen=True, kw_only=True):
    """Evidence of every dataset and of every view whose schema could be derived."""

    entries: dict[Name, Evidence]
    """Evidence by name."""
