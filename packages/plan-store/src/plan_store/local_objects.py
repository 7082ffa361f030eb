"""Objects as files in a folder: written under no name, synced, then linked into place."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from plan_store import placing
from plan_store.objects import StoredObject


class LocalObjects:
    """The objects of a store that is a folder; implements the port `Objects`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._tmp = root / "tmp"

    def shown(self, key: str) -> str:
        """Give the path of an object."""
        return f"{self.root}/{key}" if key else str(self.root)

    def path(self, key: str) -> Path:
        """Give the file of an object."""
        return self.root / key

    def keys(self, folder: str) -> list[str]:
        """Give the keys of all objects below a folder, sorted."""
        return sorted(key for key, _ in self._entries(folder))

    def listing(self, folder: str) -> Iterator[StoredObject]:
        """Give all objects below a folder, sorted by key."""
        for key, entry in sorted(self._entries(folder), key=lambda each: each[0]):
            try:
                found = entry.stat()
            except FileNotFoundError:
                continue
            yield StoredObject(key=key, bytes=found.st_size, modified=found.st_mtime)

    def exists(self, key: str) -> bool:
        """Say whether there is an object under the key."""
        return (self.root / key).is_file()

    def get(self, key: str) -> bytes:
        """Give an object."""
        return (self.root / key).read_bytes()

    def sha256(self, key: str) -> str:
        """Give the digest of an object, which is read in parts."""
        with (self.root / key).open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Put an object where none is yet."""
        return placing.place(self.root / key, data, self._tmp)

    def put(self, key: str, data: bytes) -> None:
        """Put an object over whatever is there."""
        placing.replace(self.root / key, data, self._tmp)

    def delete(self, key: str) -> None:
        """Remove an object, and its folder with the last one in it."""
        path = self.root / key
        path.unlink(missing_ok=True)
        try:
            path.parent.rmdir()
        except OSError:
            return  # not empty, or somebody else's

    def _entries(self, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        try:
            with os.scandir(self.root / folder) as entries:
                found = list(entries)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in found:
            key = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir():
                yield from self._entries(key)
            else:
                yield key, entry
