"""Objects in a bucket of an S3-compatible service. The only module that imports obstore."""

import errno
import hashlib
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from plan_store.errors import StoreUnreachable, StoreUnwritable
from plan_store.objects import StoredObject

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

PATIENCE = timedelta(seconds=60)
"""How long a request is repeated while the service does not answer, or answers with an error of its own."""

FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.1, 2.0
"""Pauses between requests that are repeated here."""

PART_BYTES = 4 << 20
"""Least part of a large object that is held in memory at once."""

T = TypeVar("T")

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SCHEMES = {"s3", "s3a"}


class BucketObjects:
    """The objects below a URL; implements the port `Objects`.

    Credentials, region and endpoint are taken from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL`) and are shown and stored nowhere.
    """

    def __init__(self, store: S3Store, url: str) -> None:
        self._store = store
        self._url = url.rstrip("/")
        self._waited_in_vain = False

    @classmethod
    def open(cls, url: str) -> "BucketObjects":
        """Give the objects below a URL such as `s3://bucket/folder`; nothing is asked of the service yet.

        Raises
        ------
        StoreUnwritable
            When the URL is of another kind, or holds credentials.
        """
        parts = urlsplit(url)
        if "@" in parts.netloc:
            message = f"The URL of the bucket {parts.hostname} holds credentials"
            mend = "Leave them out of the URL, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            raise StoreUnwritable(message, subject=parts.hostname, suggestion=mend)
        if parts.scheme not in _SCHEMES or not parts.netloc:
            message = f"The store {url} is not at an S3-compatible service"
            raise StoreUnwritable(
                message, subject=url, suggestion="Name a folder, or a URL such as `s3://bucket/plan`."
            )
        retries: RetryConfig = {
            "max_retries": 30,
            "retry_timeout": PATIENCE,
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2},
        }
        return cls(S3Store.from_url(url, client_options=_client(), retry_config=retries), url)

    def shown(self, key: str) -> str:
        """Give the URL of an object."""
        return f"{self._url}/{key}"

    def keys(self, folder: str) -> list[str]:
        """Give the keys of all objects below a folder, sorted."""
        return [found.key for found in self.listing(folder)]

    def listing(self, folder: str) -> Iterator[StoredObject]:
        """Give all objects below a folder, sorted by key."""
        # An overload of `list` names a type of arro3, which is not needed here.
        found = self._repeated(
            folder,
            lambda: obstore.list(self._store, folder, chunk_size=1000).collect(),  # pyright: ignore[reportUnknownMemberType]
        )
        for meta in sorted(found, key=lambda each: each["path"]):
            yield StoredObject(key=meta["path"], bytes=meta["size"], modified=meta["last_modified"].timestamp())

    def exists(self, key: str) -> bool:
        """Say whether there is an object under the key."""
        return self.size(key) is not None

    def size(self, key: str) -> int | None:
        """Give the size of an object; none when there is none."""
        try:
            with self._told(key):
                return obstore.head(self._store, key)["size"]
        except FileNotFoundError:
            return None

    def get(self, key: str) -> bytes:
        """Give an object."""
        return self._repeated(key, lambda: obstore.get(self._store, key).bytes().to_bytes())

    def sha256(self, key: str) -> str:
        """Give the digest of an object, which is read in parts."""
        digest = hashlib.sha256()
        for part in self._parts(key):
            digest.update(part)
        return digest.hexdigest()

    def get_file(self, key: str, path: Path) -> str:
        """Write an object to a file, in parts; give its digest. What an error leaves there is not whole."""
        digest = hashlib.sha256()
        with path.open("wb", buffering=0) as file:
            for part in self._parts(key):
                digest.update(part)
                file.write(part)
        return digest.hexdigest()

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Give a part of an object."""
        return self._repeated(key, lambda: obstore.get_range(self._store, key, start=start, length=length).to_bytes())

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Put an object where none is yet.

        A conflict, and an error after which it is not known whether the object was put, are settled by reading it.
        """
        try:
            self._repeated(key, lambda: obstore.put(self._store, key, data, mode="create", use_multipart=False))
        except FileExistsError:
            return self.get(key) == data
        return True

    def put_file(self, key: str, path: Path) -> None:
        """Put a file, in parts where it is large; its key holds its digest, so whoever puts it again puts the same."""
        with self._told(key):
            obstore.put(self._store, key, path)

    def put(self, key: str, data: bytes) -> None:
        """Put an object over whatever is there."""
        with self._told(key):
            obstore.put(self._store, key, data)

    def delete(self, key: str) -> None:
        """Remove an object."""
        try:
            with self._told(key):
                obstore.delete(self._store, key)
        except FileNotFoundError:
            return

    def _parts(self, key: str) -> Iterator[bytes]:
        with self._told(key):
            for part in obstore.get(self._store, key).stream(min_chunk_size=PART_BYTES):
                yield bytes(part)

    def _repeated(self, key: str, ask: Callable[[], T]) -> T:
        """Ask again where an answer breaks off, or a put that may have succeeded has none: the client does not."""
        deadline, pause = monotonic() + PATIENCE.total_seconds(), FIRST_PAUSE_SECONDS
        while True:
            try:
                with self._told(key):
                    answer = ask()
            except StoreUnreachable:
                if self._waited_in_vain or monotonic() + pause > deadline:
                    self._waited_in_vain = True  # so that the many who ask after this one do not all wait as long
                    raise
            else:
                self._waited_in_vain = False
                return answer
            sleep(pause)
            pause = min(2 * pause, LAST_PAUSE_SECONDS)

    @contextmanager
    def _told(self, key: str) -> Generator[None]:
        """Tell what the service answers as `OSError`, in one line, with the place."""
        try:
            yield
        except FileNotFoundError as reason:
            raise FileNotFoundError(errno.ENOENT, "There is no such object", self.shown(key)) from reason
        except (AlreadyExistsError, PreconditionError) as reason:
            raise FileExistsError(errno.EEXIST, "There is another object", self.shown(key)) from reason
        except (PermissionDeniedError, UnauthenticatedError) as reason:
            raise PermissionError(errno.EACCES, "The service refuses access", self.shown(key)) from reason
        except BaseError as reason:
            said = f"The service does not answer as it should: {str(reason).splitlines()[0]}"
            mend = "Look at AWS_ENDPOINT_URL, the network and the service; then try again: what was finished is kept."
            error = StoreUnreachable(f"{self.shown(key)}: {said}", subject=self.shown(key), suggestion=mend)
            error.errno, error.strerror, error.filename = errno.EIO, said, self.shown(key)
            raise error from reason


def _client() -> "ClientConfig":
    """Allow plain HTTP to a service on this machine."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
    loopback = urlsplit(endpoint).hostname in _LOOPBACK
    return {"allow_http": True, "timeout": timedelta(seconds=30)} if loopback else {"timeout": timedelta(seconds=30)}
