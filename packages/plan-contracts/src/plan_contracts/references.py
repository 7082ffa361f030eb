"""Where data lies, how it is read, and what identifies its content."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from plan_contracts.base import Contract, HandWritten
from plan_contracts.evidence import Column
from plan_contracts.scalars import ByteCount, ColumnType, Count, Name, Rows, Sha256
from plan_contracts.storage_options import StorageOptions


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
    escape: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    """What makes the character after it plain within quotes; none doubles the quote instead."""
    comment: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    """What a line begins with that holds no row; none takes every line for a row."""
    null: str | tuple[str, ...] | None = None
    """The text, or the texts, that stand for null beside the empty field."""
    types: dict[str, ColumnType] = {}
    """Types of columns whose type must not be inferred."""

    @property
    def null_markers(self) -> tuple[str, ...]:
        """The texts that stand for null beside the empty field."""
        if self.null is None:
            return ()
        return (self.null,) if isinstance(self.null, str) else self.null


class JsonOptions(HandWritten, frozen=True, kw_only=True):
    """How JSON lines are read."""

    types: dict[str, ColumnType] = {}
    """Types of columns whose type must not be inferred, and of columns that no line may hold."""


class DeltaOptions(HandWritten, frozen=True, kw_only=True):
    """How a Delta table is read."""

    version: Count | None = None
    """Version of the table; none takes the newest when the project is compiled."""


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
    uniform: bool = True
    """Whether each file holds exactly these columns, apart from partition columns; else it is read into them."""
    partition_columns: tuple[str, ...] = ()
    """Columns, the last ones of `columns`, whose values stand beside the files and not in them."""
    partition_values: tuple[tuple[str | None, ...], ...] = ()
    """For each file the values of the partition columns, as text of their types; empty when there are none."""
    versions: tuple[str, ...] = ()
    """For each file what tells it from what it may be replaced by; empty for files that nobody else writes."""
    storage: StorageOptions | None = None
    """How the object store of a URL is reached; none for local files."""

    def places(self) -> dict[str, int]:
        """Give the place of each file, by URI."""
        return {uri: index for index, uri in enumerate(self.files or (self.uri,))}

    def limited_to(self, files: Sequence[str], places: Mapping[str, int]) -> "DatasetRef":
        """Refer to some of the files alone.

        Parameters
        ----------
        files
            Their URIs, in order.
        places
            What `places` gives, which takes time for many files.
        """
        kept = [places[uri] for uri in files]
        return replace(
            self,
            uri=files[0] if len(kept) == 1 else self.uri,
            files=tuple(files) if len(kept) > 1 else (),
            partition_values=tuple(self.partition_values[index] for index in kept) if self.partition_values else (),
            versions=tuple(self.versions[index] for index in kept) if self.versions else (),
        )


class SnapshotFile(Contract, frozen=True, kw_only=True):
    """One file of a dataset at the time of planning."""

    path: str
    """Relative to plan.toml with forward slashes, or a URL."""
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
