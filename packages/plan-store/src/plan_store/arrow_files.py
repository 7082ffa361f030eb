"""Segments as files that Arrow opens: from a folder by itself, from a bucket through the store's objects."""

# pyarrow's stubs leave the type parameters of file systems open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import os
from collections.abc import Callable
from dataclasses import dataclass

from pyarrow import fs

from plan_store.local_objects import LocalObjects
from plan_store.objects import Objects

_MAGIC = b"PAR1"
_SMALLEST = 12


@dataclass(frozen=True)
class ArrowFiles:
    """A file system, and how an object is called in it."""

    system: fs.FileSystem
    """Opens files for reading."""
    path: Callable[[str], str]
    """Gives the path of an object."""


def arrow_files(objects: Objects) -> ArrowFiles:
    """Give the objects as files."""
    if isinstance(objects, LocalObjects):
        return ArrowFiles(fs.LocalFileSystem(), objects.shown)
    from plan_store.bucket_files import bucket_file_system
    from plan_store.bucket_objects import BucketObjects

    if not isinstance(objects, BucketObjects):
        raise TypeError(f"{objects.shown('')} is neither a folder nor a bucket")
    return ArrowFiles(bucket_file_system(objects), str)


def is_whole_at_the_ends(objects: Objects, key: str) -> bool:
    """Say whether an object begins and ends as a Parquet file does; of a bucket's, which come whole, nothing is read.

    Raises
    ------
    FileNotFoundError
        When it has gone.
    """
    if not isinstance(objects, LocalObjects):
        return True
    descriptor = os.open(objects.shown(key), os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        if size < _SMALLEST:
            return False
        head = os.pread(descriptor, 4, 0)
        tail = os.pread(descriptor, 8, size - 8)
    finally:
        os.close(descriptor)
    return head == tail[4:] == _MAGIC and int.from_bytes(tail[:4], "little") + _SMALLEST <= size
