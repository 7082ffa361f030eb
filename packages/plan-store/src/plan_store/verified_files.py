"""Digests of files that were read before and have not been touched since, so that they need not be read again."""

import hashlib
from pathlib import Path

from plan_contracts import Contract, DocumentRefused, decode_msgpack, encode_msgpack
from plan_store.placing import replace

_CHUNK = 1 << 20


class FileStamp(Contract, frozen=True, kw_only=True):
    """What a file system says of a file, and the digest that its bytes had then."""

    bytes: int
    """Size."""
    mtime_ns: int
    """Time of its last change."""
    inode: int
    """Number of the file; another one stands for another file under the same name."""
    sha256: str
    """Digest."""


class FileStamps(Contract, frozen=True, kw_only=True):
    """Stamps by path. It is a cache: losing it costs time only."""

    files: dict[str, FileStamp] = {}
    """By absolute path."""


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
        digest = _digest(path)
        self.note(path, digest)
        return digest

    def note(self, path: Path, sha256: str) -> None:
        """Remember the digest of a file that was just read or written."""
        size, mtime_ns, inode = _stat(path)
        self._stamps[str(path)] = FileStamp(bytes=size, mtime_ns=mtime_ns, inode=inode, sha256=sha256)
        self._changed = True

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


def _digest(path: Path) -> str:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()
