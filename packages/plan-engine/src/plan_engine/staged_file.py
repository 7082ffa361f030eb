"""Writing one result to a staged file: counted apart from the file, hashed, and gone again if anything fails."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from plan_engine.arrow_schema import plain_schema
from plan_engine.retained import Collecting

ROW_GROUP_ROWS = 262_144
"""Rows after which a row group is written; fewer would make files that are slow to read."""


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How the columns of a file are stored."""

    codec: Literal["zstd", "lz4"]
    """Compression, as pyarrow calls it."""
    parallel_codec: str
    """The same, as DataFusion calls it."""
    dictionary: bool
    """Whether repeated values are stored once, which takes longer than all else where values differ."""


SMALL = Encoding(codec="zstd", parallel_codec="zstd(1)", dictionary=True)
"""Of outputs, which are kept and read by others."""

QUICK = Encoding(codec="lz4", parallel_codec="lz4_raw", dictionary=False)
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
    try:
        codec, dictionary = encoding.codec, encoding.dictionary
        with (
            _created(path) as sink,
            pq.ParquetWriter(sink, plain, compression=codec, use_dictionary=dictionary) as writer,
        ):
            pending: list[pa.RecordBatch] = []
            pending_rows = 0
            for batch in batches:
                rows += batch.num_rows
                pending.append(batch)
                pending_rows += batch.num_rows
                if collect is not None:
                    collect.add(batch)
                if pending_rows >= ROW_GROUP_ROWS:
                    _write_group(writer, schema, plain, pending)
                    pending, pending_rows = [], 0
            if pending_rows or rows == 0:
                _write_group(writer, schema, plain, pending)
        stored, size, digest = look_at(path)
        if stored != rows:
            raise OSError(f"the query gave {rows} rows, and the file's footer says {stored}")
    except BaseException:
        path.unlink(missing_ok=True)
        if collect is not None:
            collect.drop()
        raise
    return StagedFile(path=path, schema=plain, rows=rows, bytes=size, sha256=digest, collected=collect)


def _write_group(writer: pq.ParquetWriter, schema: pa.Schema, plain: pa.Schema, batches: list[pa.RecordBatch]) -> None:
    table = pa.Table.from_batches(batches, schema=schema)
    writer.write_table(table if plain.equals(schema) else table.cast(plain), row_group_size=ROW_GROUP_ROWS)


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
