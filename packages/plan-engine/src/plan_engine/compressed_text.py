"""What compressed text files hold."""

# pyarrow's stubs leave much of its streams open.
# pyright: reportUnknownMemberType=false

import bz2
import gzip
import lzma
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from typing import cast

import pyarrow as pa

from plan_engine.compression import Compression, compression_of
from plan_engine.data_source import DataSource
from plan_engine.source_files import SourceFile

DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError)
"""What reading a file raises that is not compressed as its ending says, or is cut off."""


def held_in(opened: BufferedReader, compression: Compression) -> BufferedReader:
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
            return BufferedReader(gzip.GzipFile(fileobj=opened))
        case Compression.BZIP2:
            return BufferedReader(bz2.BZ2File(opened))
        case Compression.XZ:
            return BufferedReader(lzma.LZMAFile(opened))
        case Compression.ZSTD:
            stream = pa.CompressedInputStream(opened, "zstd")
            return BufferedReader(cast("RawIOBase", stream))  # it has the methods and not the base class


@contextmanager
def text_of(source: DataSource, file: SourceFile) -> Generator[BufferedReader]:
    """Open a text file, decompressed as its ending says; raises as `held_in` does."""
    with source.open(file) as opened:
        yield held_in(opened, compression_of(file.uri))
