"""Digests of files that were read before and have not been touched since, so that they need not be read again."""

import hashlib
import os
from pathlib import Path

from plan_contracts import DocumentRefused, decode_msgpack, encode_msgpack
from plan_contracts.store_records import FileStamp, FileStamps
from plan_store.placing import replace

SMALL_BYTES = 1 << 20
"""Files up to this size are read at once."""


class VerifiedFiles:
    """Gives digests of files, reading only those that changed since they were read last.

    Parameters
    ----------
    path
        Where the cache is kept between runs; a missing or damaged one is empty.
    tmp
        A folder on the same file system.
    """

    def __init__(self, path: Path, tmp: Path) -> None:
        self._path = path
        self._tmp = tmp
        self._stamps = self._load()
        self._changed = False

    def sha256(self, path: Path) -> str:
        """Give the digest of a file.

        Raises
        ------
        OSError
            When it cannot be read.
        """
        known = self._stamps.get(str(path))
        size, mtime_ns, inode = _stat(path)
        if known is not None and (known.bytes, known.mtime_ns, known.inode) == (size, mtime_ns, inode):
            return known.sha256
        return self.read(path)[0].sha256

    def read(self, path: Path, *, follow: bool = True) -> tuple[FileStamp, bytes | None]:
        """Read a whole file and give its stamp; and its content too, unless it is large.

        Few system calls are made, since each of them waits for the interpreter's lock when other threads compute. A
        link is read where it leads, or refused unless it is to be followed.

        Raises
        ------
        OSError
            When it cannot be read.
        """
        descriptor = os.open(path, os.O_RDONLY if follow else os.O_RDONLY | os.O_NOFOLLOW)
        try:
            found = os.fstat(descriptor)
            content = os.read(descriptor, found.st_size) if found.st_size <= SMALL_BYTES else None
            if content is not None and len(content) == found.st_size:
                digest = hashlib.sha256(content).hexdigest()
            else:
                content, digest = None, _digest(descriptor)
        finally:
            os.close(descriptor)
        stamp = FileStamp(bytes=found.st_size, mtime_ns=found.st_mtime_ns, inode=found.st_ino, sha256=digest)
        self._stamps[str(path)] = stamp
        self._changed = True
        return stamp, content

    def moved(self, source: Path, target: Path) -> None:
        """Remember that a file that was read has another name now, and is the same file still."""
        stamp = self._stamps.pop(str(source), None)
        if stamp is not None:
            self._stamps[str(target)] = stamp
            self._changed = True

    def removed(self, path: Path) -> None:
        """Forget a file that is gone."""
        self._changed = self._stamps.pop(str(path), None) is not None or self._changed

    def save(self) -> None:
        """Keep what is known for the next run."""
        if self._changed:
            replace(self._path, encode_msgpack(FileStamps(files=self._stamps)), self._tmp)
            self._changed = False

    def _load(self) -> dict[str, FileStamp]:
        try:
            return dict(decode_msgpack(self._path.read_bytes(), FileStamps).files)
        except (OSError, DocumentRefused):
            return {}


def _stat(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _digest(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
