"""Writing one result to a staged file: counted apart from the file, hashed, and gone again if anything fails."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from plan_engine.arrow_schema import plain_schema
from plan_engine.retained import Collecting

ROW_GROUP_ROWS = 262_144
"""Rows after which a row group is written; fewer would make files that are slow to read."""

FEW_ROWS = 2048
"""Rows up to which a file is compressed with snappy. To set up zstd for each column takes longer than all else then,
and what it saves is less than a few blocks of a disk."""


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How the columns of a file are stored."""

    codec: Literal["zstd", "lz4"]
    """Compression, as pyarrow calls it; that of few rows is snappy."""
    parallel_codec: str
    """The same, as DataFusion calls it."""
    dictionary: bool
    """Whether repeated values are stored once, which takes longer than all else where values differ."""
    parallel_statistics: Literal["page", "chunk"]
    """How finely DataFusion says what values lie where: for each page, or for each column of a row group."""


SMALL = Encoding(codec="zstd", parallel_codec="zstd(1)", dictionary=True, parallel_statistics="page")
"""Of outputs, which are kept and read by others."""

QUICK = Encoding(codec="lz4", parallel_codec="lz4_raw", dictionary=False, parallel_statistics="chunk")
"""Of temporary results: larger by a half, and written in two thirds of the time."""


@dataclass(frozen=True, kw_only=True)
class StagedFile:
    """A file that was written to its end."""

    path: Path
    schema: pa.Schema
    rows: int
    bytes: int
    sha256: str
    collected: Collecting | None
    """The rows once more, where they were to be kept."""


def stage_rows(
    folder: Path,
    name: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    *,
    encoding: Encoding = SMALL,
    collect: Collecting | None = None,
) -> StagedFile:
    """Write rows to a Parquet file under a name that nobody else uses.

    Parameters
    ----------
    folder
        Where to write; it is created.
    name
        Beginning of the file's name.
    schema
        Columns of the rows; strings are written in the plain layout.
    batches
        The rows. When they raise, nothing is left behind.
    encoding
        How they are stored.
    collect
        Takes the rows in memory too; they are dropped when writing fails.
    """
    path = folder / f"{name}.{secrets.token_hex(8)}.parquet"
    plain = plain_schema(schema)
    rows = 0
    groups = _row_groups(batches, collect)
    try:
        first = next(groups)
        codec = "snappy" if _rows_of(first) <= FEW_ROWS else encoding.codec
        with (
            _created(path) as sink,
            pq.ParquetWriter(sink, plain, compression=codec, use_dictionary=encoding.dictionary) as writer,
        ):
            for group in chain((first,), groups):
                rows += _rows_of(group)
                table = pa.Table.from_batches(group, schema=schema)
                fit = table if plain.equals(schema) else table.cast(plain)
                writer.write_table(fit, row_group_size=ROW_GROUP_ROWS)
        stored, size, digest = look_at(path)
        if stored != rows:
            raise OSError(f"the query gave {rows} rows, and the file's footer says {stored}")
    except BaseException:
        path.unlink(missing_ok=True)
        if collect is not None:
            collect.drop()
        raise
    return StagedFile(path=path, schema=plain, rows=rows, bytes=size, sha256=digest, collected=collect)


def _row_groups(batches: Iterable[pa.RecordBatch], collect: Collecting | None) -> Iterator[list[pa.RecordBatch]]:
    """Give the batches of each row group; where there are no rows at all, those of one without any."""
    pending: list[pa.RecordBatch] = []
    pending_rows, given = 0, False
    for batch in batches:
        pending.append(batch)
        pending_rows += batch.num_rows
        if collect is not None:
            collect.add(batch)
        if pending_rows >= ROW_GROUP_ROWS:
            yield pending
            pending, pending_rows, given = [], 0, True
    if pending_rows or not given:
        yield pending


def _rows_of(batches: list[pa.RecordBatch]) -> int:
    return sum(batch.num_rows for batch in batches)


def _created(path: Path) -> pa.NativeFile:
    """Open a file for writing; its folder is made where that is what is missing."""
    try:
        return pa.OSFile(str(path), "wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return pa.OSFile(str(path), "wb")


def look_at(path: Path) -> tuple[int, int, str]:
    """Give rows, size and digest of a file that was just written, through one open."""
    with pa.memory_map(str(path)) as mapped:
        rows = pq.read_metadata(mapped).num_rows
        mapped.seek(0)
        content = mapped.read_buffer()
        return rows, content.size, hashlib.sha256(content).hexdigest()
