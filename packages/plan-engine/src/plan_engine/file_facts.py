"""What one file says about itself."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BufferedReader
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import digest
from plan_engine.compressed_text import DAMAGED, held_in
from plan_engine.compression import Compression, compression_of
from plan_engine.data_source import DataSource
from plan_engine.errors import DatasetUnreadable
from plan_engine.predicates import Bounds
from plan_engine.source_files import SourceFile
from plan_engine.storage_settings import is_url

T = TypeVar("T")

READERS = 16
"""Remote files that are looked into at once; most of the time goes into waiting for storage."""

LOCAL_READERS = 4
"""Files of this machine that are looked into at once; more would only wait for the interpreter's lock."""

TURN = 16
"""Files that a reader takes at a time; handing over each alone takes as long as looking into it."""

_CHUNK = 1 << 20

_SAMPLE_BYTES = 8 << 20
"""What is decompressed of a file to reckon its lines."""


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """Columns, rows and content of one file."""

    schema: pa.Schema
    rows: int | None
    """Rows; none when nobody counted."""
    digest: str
    """Identity of the content."""
    footer: pq.FileMetaData | None = None
    """Row groups and their statistics, in Parquet."""
    bounds: Mapping[str, Bounds] = field(default_factory=dict[str, Bounds])
    """What a log says of columns of the whole file."""


def look_into(files: Sequence[SourceFile], look: Callable[[SourceFile], T]) -> list[T]:
    """Look into files side by side; results are in the order of the files."""
    if len(files) == 1:
        return [look(files[0])]
    readers = READERS if is_url(files[0].uri) else LOCAL_READERS
    size = max(1, min(TURN, len(files) // readers))
    turns = [files[start : start + size] for start in range(0, len(files), size)]

    def take(turn: Sequence[SourceFile]) -> list[T]:
        return [look(file) for file in turn]

    with ThreadPoolExecutor(max_workers=min(readers, len(turns))) as pool:
        return [found for turn in pool.map(take, turns) for found in turn]


def unreadable(name: str, file: SourceFile, reason: OSError) -> DatasetUnreadable:
    """Give the error of a file that the system does not let us read."""
    message = f"The file `{file.uri}` of the dataset `{name}` cannot be read: {reason.strerror}"
    return DatasetUnreadable(message, subject=name)


def lines_and_digest(name: str, source: DataSource, file: SourceFile) -> tuple[int | None, str]:
    """Count the lines of a text file and identify its content; remote files are not read for it.

    Returns
    -------
    int or None, str
        Lines, the last one included when it does not end; of a compressed file that holds much they are reckoned from
        its beginning; none for a remote file. A digest of all bytes, or of the version that the store has given the
        file.

    Raises
    ------
    DatasetUnreadable
        When the file is compressed and cut off.
    """
    if source.remote:
        return None, version_digest(file)
    compression = compression_of(file.uri)
    with source.open(file) as opened:
        if compression is Compression.NONE:
            return _lines_and_digest(opened)
        identity = hashlib.file_digest(opened, "sha256").hexdigest()
        opened.seek(0)
        try:
            return _lines_held_in(opened, file.bytes, compression), identity
        except DAMAGED as reason:
            raise damaged(name, file, reason) from reason


def damaged(name: str, file: SourceFile, reason: Exception) -> DatasetUnreadable:
    """Give the error of a file whose bytes are not what its ending says, or are cut off."""
    kind = compression_of(file.uri).value or "text"
    message = f"The file `{file.uri}` of the dataset `{name}` is not whole, or no {kind}: {reason}"
    return DatasetUnreadable(message, subject=name, suggestion="Write it again, or give it the ending that fits.")


def _lines_held_in(opened: BufferedReader, size: int, compression: Compression) -> int:
    held = held_in(opened, compression)
    lines, read, last = 0, 0, b"\n"
    while read < _SAMPLE_BYTES:
        chunk = held.read(_CHUNK)
        if not chunk:
            return lines + (last != b"\n")
        lines, read, last = lines + chunk.count(b"\n"), read + len(chunk), chunk[-1:]
    return lines * size // max(1, opened.tell())


def version_digest(file: SourceFile) -> str:
    """Give the identity of a remote file's content: its size and the tag that the store has given it."""
    return digest("version", file.version)


def _lines_and_digest(opened: BufferedReader) -> tuple[int, str]:
    hasher = hashlib.sha256()
    lines, last = 0, b"\n"
    while chunk := opened.read(_CHUNK):
        hasher.update(chunk)
        lines += chunk.count(b"\n")
        last = chunk[-1:]
    return lines + (last != b"\n"), hasher.hexdigest()
