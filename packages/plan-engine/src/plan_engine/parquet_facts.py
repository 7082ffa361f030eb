"""What the footers of Parquet files say; no row is read."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
import io
from collections.abc import Sequence
from io import BufferedReader

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import PlanError
from plan_engine.data_source import DataSource
from plan_engine.datafusion_messages import clean
from plan_engine.errors import DatasetUnreadable
from plan_engine.file_facts import FileFacts, look_into, unreadable, version_digest
from plan_engine.source_files import SourceFile

_TAIL_BYTES = 8
_FIRST_READ_BYTES = 64 << 10
"""Read from the end of each file at once: holds most footers, so that they cost one request."""


def parquet_facts(name: str, files: Sequence[SourceFile], source: DataSource) -> list[FileFacts]:
    """Read the footer of each file, several at once.

    Parameters
    ----------
    name
        The dataset.
    files
        Its files.
    source
        Where they lie.

    Raises
    ------
    DatasetUnreadable
        When a file is no whole Parquet file, or its footer tells what cannot be.
    """

    def look(file: SourceFile) -> FileFacts:
        try:
            with source.open(file) as opened:
                footer = _footer(opened, file.bytes)
            metadata = pq.read_metadata(pa.BufferReader(b"PAR1" + footer))
            _check_sizes(metadata, file.bytes)
            schema = metadata.schema.to_arrow_schema()
        except PlanError:
            raise
        except (pa.ArrowException, OSError, ValueError) as reason:
            if isinstance(reason, OSError) and reason.strerror is not None and not source.remote:
                raise unreadable(name, file, reason) from reason
            message = f"The file `{file.uri}` of the dataset `{name}` is not readable Parquet: {clean(str(reason))}"
            mend = "Replace the file, or set the dataset's `format`."
            raise DatasetUnreadable(message, subject=name, suggestion=mend) from reason
        identity = version_digest(file) if source.remote else hashlib.sha256(footer).hexdigest()
        return FileFacts(schema=schema, rows=metadata.num_rows, digest=identity, footer=metadata)

    return look_into(files, look)


def _footer(opened: BufferedReader, size: int) -> bytes:
    """Give the footer with the eight bytes after it: schema, row groups, offsets and column statistics."""
    start = max(0, size - _FIRST_READ_BYTES)
    opened.seek(start, io.SEEK_SET)
    end = opened.read(size - start)
    tail = end[-_TAIL_BYTES:]
    length = int.from_bytes(tail[:4], "little") + _TAIL_BYTES
    if tail[4:] != b"PAR1" or length > size:
        raise ValueError("it is empty" if not size else "it does not end like a Parquet file")
    if length > len(end):
        opened.seek(size - length, io.SEEK_SET)
        end = opened.read(length - len(end)) + end
    return end[-length:]


def _check_sizes(metadata: pq.FileMetaData, size: int) -> None:
    """Refuse a footer that speaks of rows or bytes which the file cannot hold.

    Raises
    ------
    ValueError
        When it does.
    """
    rows = 0
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        rows += group.num_rows
        for column in range(group.num_columns):
            chunk = group.column(column)
            length, begin = chunk.total_compressed_size, chunk.dictionary_page_offset or chunk.data_page_offset
            if length < 0 or begin < 0 or begin + length > size:
                raise ValueError(f"its footer places `{chunk.path_in_schema}` outside the file")
    if rows != metadata.num_rows:
        raise ValueError(f"its footer speaks of {metadata.num_rows} rows, and its row groups of {rows}")
