"""Compressed text files: which they are by their endings, and what they hold."""

# pyarrow's stubs leave much of its streams open.
# pyright: reportUnknownMemberType=false

import bz2
import gzip
import lzma
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import PurePosixPath
from typing import cast

import pyarrow as pa

from plan_engine.data_source import DataSource
from plan_engine.source_files import SourceFile

DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError)
"""What reading a file raises that is not compressed as its ending says, or is cut off."""


class Compression(StrEnum):
    """How a text file is compressed; the values are DataFusion's names."""

    NONE = ""
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"


ENDINGS = {
    ".gz": Compression.GZIP,
    ".bz2": Compression.BZIP2,
    ".xz": Compression.XZ,
    ".zst": Compression.ZSTD,
}


_MAGIC = {
    b"\x1f\x8b": Compression.GZIP,
    b"BZh": Compression.BZIP2,
    b"\xfd7zXZ\x00": Compression.XZ,
    b"\x28\xb5\x2f\xfd": Compression.ZSTD,
}


def compression_of(place: str) -> Compression:
    """Give the compression that the ending of a path or URL tells.

    Examples
    --------
    >>> compression_of("data/a.csv.GZ"), compression_of("data/a.csv")
    (<Compression.GZIP: 'gzip'>, <Compression.NONE: ''>)
    """
    return ENDINGS.get(PurePosixPath(place).suffix.lower(), Compression.NONE)


def plain_name(place: str) -> str:
    """Give a path or URL without the ending that tells its compression.

    Examples
    --------
    >>> plain_name("data/a.csv.gz")
    'data/a.csv'
    """
    return place[: -len(PurePosixPath(place).suffix)] if compression_of(place) is not Compression.NONE else place


def held_in(opened: BufferedReader, compression: Compression) -> BufferedIOBase:
    """Give what an open file holds, from its beginning to its end; to be read forwards.

    Raises
    ------
    EOFError, OSError, zlib.error, lzma.LZMAError
        When it is read, and is damaged or not compressed in this way.
    """
    match compression:
        case Compression.NONE:
            return opened
        case Compression.GZIP:
            return gzip.GzipFile(fileobj=opened)
        case Compression.BZIP2:
            return bz2.BZ2File(opened)
        case Compression.XZ:
            return lzma.LZMAFile(opened)
        case Compression.ZSTD:
            stream = pa.CompressedInputStream(opened, "zstd")
            return BufferedReader(cast("RawIOBase", stream))  # it has the methods and not the base class


@contextmanager
def text_of(source: DataSource, file: SourceFile) -> Generator[BufferedIOBase]:
    """Open a text file, decompressed as its ending says; raises as `held_in` does."""
    with source.open(file) as opened:
        yield held_in(opened, compression_of(file.uri))


def undeclared_compression(beginning: bytes) -> Compression:
    """Tell from its first bytes how a file is compressed.

    Examples
    --------
    >>> undeclared_compression(b"id,name"), undeclared_compression(bytes.fromhex("1f8b0800"))
    (<Compression.NONE: ''>, <Compression.GZIP: 'gzip'>)
    """
    return next((kind for magic, kind in _MAGIC.items() if beginning.startswith(magic)), Compression.NONE)
