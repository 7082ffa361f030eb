"""A file system for Arrow over the objects of a bucket: for reading only."""

# pyarrow's stubs leave the type parameters of file systems open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import errno
import io
from typing import NoReturn

import pyarrow as pa
from pyarrow import fs

from plan_store.bucket_objects import BucketObjects
from plan_store.errors import StoreUnwritable


def bucket_file_system(objects: BucketObjects) -> fs.FileSystem:
    """Give the objects as files whose paths are their keys."""
    return fs.PyFileSystem(_Handler(objects))


class _RangedFile(io.RawIOBase):
    """An object of which only the parts are fetched that are read."""

    def __init__(self, objects: BucketObjects, key: str) -> None:
        super().__init__()
        self._objects = objects
        self._key = key
        self._at = 0
        size = objects.size(key)
        if size is None:
            raise FileNotFoundError(errno.ENOENT, "There is no such object", objects.shown(key))
        self._size = size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        length = self._size - self._at if size < 0 else min(size, self._size - self._at)
        if length <= 0:
            return b""
        data = self._objects.get_range(self._key, self._at, length)
        self._at += len(data)
        return data


class _Handler(fs.FileSystemHandler):
    def __init__(self, objects: BucketObjects) -> None:
        self._objects = objects

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)

    def get_type_name(self) -> str:
        return "plan-store"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: str | list[str]) -> list[fs.FileInfo]:
        found: list[fs.FileInfo] = []
        for path in [paths] if isinstance(paths, str) else paths:
            size = self._objects.size(path)
            kind = fs.FileType.NotFound if size is None else fs.FileType.File
            found.append(fs.FileInfo(path, kind, size=size))
        return found

    def get_file_info_selector(self, selector: fs.FileSelector) -> list[fs.FileInfo]:
        listed = self._objects.listing(selector.base_dir)
        return [fs.FileInfo(each.key, fs.FileType.File, size=each.bytes) for each in listed]

    def open_input_stream(self, path: str) -> pa.NativeFile:
        return pa.PythonFile(_RangedFile(self._objects, path), mode="r")

    def open_input_file(self, path: str) -> pa.NativeFile:
        return pa.PythonFile(_RangedFile(self._objects, path), mode="r")

    def create_dir(self, path: str, recursive: bool) -> NoReturn:  # the base class says so
        self._refuse(path)

    def delete_dir(self, path: str) -> NoReturn:
        self._refuse(path)

    def delete_dir_contents(self, path: str, missing_dir_ok: bool = False) -> NoReturn:
        self._refuse(path)

    def delete_root_dir_contents(self) -> NoReturn:
        self._refuse("")

    def delete_file(self, path: str) -> NoReturn:
        self._refuse(path)

    def move(self, src: str, dest: str) -> NoReturn:
        self._refuse(src)

    def copy_file(self, src: str, dest: str) -> NoReturn:
        self._refuse(src)

    def open_output_stream(self, path: str, metadata: dict[str, str]) -> NoReturn:
        self._refuse(path)

    def open_append_stream(self, path: str, metadata: dict[str, str]) -> NoReturn:
        self._refuse(path)

    def _refuse(self, path: str) -> NoReturn:
        raise StoreUnwritable(f"{self._objects.shown(path)} is opened for reading", subject=path)
