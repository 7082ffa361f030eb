"""What a store needs of the place that it is in: immutable objects under keys, put where nothing is yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object as a listing shows it."""

    key: str
    """Its key."""
    bytes: int
    """Size."""
    modified: float
    """When it was put, in seconds since 1970, by the clock of the place."""


def leads_out(key: str) -> bool:
    """Say whether a key that a document names is none below the root: it is absolute, or climbs out by `..`."""
    return key.startswith("/") or (".." in key and ".." in key.split("/"))


class Objects(Protocol):
    """Objects under keys such as `runs/ID/manifest.msgpack`. Every method may raise `OSError`."""

    def shown(self, key: str) -> str:
        """Give the path or URL of an object, for messages."""
        ...

    def keys(self, folder: str) -> list[str]:
        """Give the keys of all objects below a folder, sorted; none where there is no such folder."""
        ...

    def listing(self, folder: str) -> Iterator[StoredObject]:
        """Give all objects below a folder, sorted by key; one that goes in the meantime may be left out."""
        ...

    def exists(self, key: str) -> bool:
        """Say whether there is an object under the key."""
        ...

    def get(self, key: str) -> bytes:
        """Give an object; raises `FileNotFoundError` when there is none."""
        ...

    def sha256(self, key: str) -> str:
        """Give the digest of an object, which is read in parts; raises `FileNotFoundError` when there is none."""
        ...

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Put an object where none is yet, whole and durably.

        Gives whether these bytes were put, now or by an earlier try whose answer was lost; false when other bytes, or
        another's, are there, which are left as they are.
        """
        ...

    def put(self, key: str, data: bytes) -> None:
        """Put an object over whatever is there: for what may be lost, or has the same bytes each time."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is gone already is no error."""
        ...
