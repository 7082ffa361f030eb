"""How text files are compressed, as their names and their first bytes tell. Light to import."""

from enum import StrEnum
from pathlib import PurePosixPath


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


def undeclared_compression(beginning: bytes) -> Compression:
    """Tell from its first bytes how a file is compressed.

    Examples
    --------
    >>> undeclared_compression(b"id,name"), undeclared_compression(bytes.fromhex("1f8b0800"))
    (<Compression.NONE: ''>, <Compression.GZIP: 'gzip'>)
    """
    return next((kind for magic, kind in _MAGIC.items() if beginning.startswith(magic)), Compression.NONE)
