"""Where data lies, how it is read, and what identifies its content."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from plan_contracts.base import Contract, HandWritten
from plan_contracts.evidence import Column
from plan_contracts.scalars import ByteCount, ColumnType, Name, Rows, Sha256


class DataFormat(StrEnum):
    """How rows are stored."""

    PARQUET = "parquet"
    CSV = "csv"
    JSON = "json"
    ARROW = "arrow"
    DELTA = "delta"
    MEMORY = "memory"


class CsvOptions(HandWritten, frozen=True, kw_only=True):
    """How a CSV file is written."""

    header: bool = True
    """Whether the first line names the columns."""
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    """What separates two fields."""
    quote: Annotated[str, Meta(min_length=1, max_length=1)] = '"'
    """What encloses a field that holds a delimiter."""
    null: str | None = None
    """The text that stands for null; none means the empty field."""
    types: dict[str, ColumnType] = {}
    """Types of columns whose type must not be inferred."""


class DatasetRef(Contract, frozen=True, kw_only=True):
    """How data is handed on: by reference, never by value."""

    uri: str
    """An absolute path or URL of a file or folder, or `mem://worker/key` within one process."""
    format: DataFormat
    """How it is read."""
    files: tuple[str, ...] = ()
    """For several files, their URIs in order; empty when `uri` is the one file."""
    columns: tuple[Column, ...]
    """Its schema."""
    rows: Rows | None = None
    """Rows, where known."""
    bytes: ByteCount | None = None
    """Bytes on storage or in memory, where known."""
    csv: CsvOptions | None = None
    """How a CSV file is written; none for other formats."""


class SnapshotFile(Contract, frozen=True, kw_only=True):
    """One file of a dataset at the time of planning."""

    path: str
    """Relative to plan.toml with forward slashes, or a URL without credentials."""
    bytes: ByteCount
    """Size."""
    digest: Sha256
    """Of the Parquet footer, of the whole file in other formats, or of the object's etag."""


class DatasetSnapshot(Contract, frozen=True, kw_only=True):
    """Identity of a dataset's content: the same for copies with equal bytes, whatever their clocks and folders."""

    name: Name
    """The dataset."""
    content_id: Sha256
    """Digest over format and files."""
    format: DataFormat
    """How it is stored."""
    files: tuple[SnapshotFile, ...]
    """Sorted by path."""
    rows: Rows | None = None
    """Rows, where the files say so."""
    bytes: ByteCount
    """Sum of the sizes."""
