"""How each dataset is scanned: what of it is read, in which units, and whether the scan is a task of its own."""

from plan_contracts.base import Contract
from plan_contracts.scalars import ByteCount, Count, Name, Rows, Sha256


class ScanUnit(Contract, frozen=True, kw_only=True):
    """A part of a dataset that can be scanned alone."""

    key: str
    """Unique within the dataset; the order of the keys is that of the rows."""
    files: tuple[str, ...]
    """URIs of its files, in the order of the dataset."""
    row_groups: tuple[tuple[Count, Count], ...] = ()
    """For each file the first row group and how many; empty for whole files."""
    rows: Rows | None = None
    """Rows before any filter; none when unknown."""
    bytes: ByteCount | None = None
    """Bytes on storage; none when unknown."""
    content_id: Sha256 | None = None
    """Identity of what is read: the same while its own files are, whatever becomes of the dataset's other files."""


class DatasetScan(Contract, frozen=True, kw_only=True):
    """What the views of a project read of one dataset, taken together."""

    dataset: Name
    """The dataset."""
    definition: Sha256
    """Identity of what is read: dataset, columns and predicates, not the content."""
    projection: tuple[str, ...]
    """Columns that some view reads, in the order of the dataset."""
    filters: tuple[str, ...] = ()
    """Predicates in SQL that hold for every row that some view needs; all of them hold at once."""
    units: tuple[ScanUnit, ...]
    """What is left to scan, in the order of the dataset; empty when no row can pass the filters."""
    files_total: Count
    """Files of the dataset."""
    files_candidate: Count
    """Files that may hold a row that passes the filters."""
    files_pruned: Count
    """Files that hold none, by their statistics or partition values."""
    row_groups_total: Count | None = None
    """Row groups of all files; none when the format has none or nobody looked."""
    row_groups_candidate: Count | None = None
    """Row groups that may hold a row that passes the filters."""
    row_groups_pruned: Count | None = None
    """Row groups that hold none, by their statistics."""
    is_task: bool
    """Whether the scan is a task of its own, whose result the views read."""
    reason: str
    """Why it is or is not, in one sentence."""
