"""The files of a dataset in a bucket of an S3-compatible service. The only module that imports obstore."""

import io
import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from io import BufferedReader
from typing import TypeVar

import obstore
from datafusion import SessionContext
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from plan_contracts import PlanError
from plan_engine.datafusion_messages import speaks_of_object_store
from plan_engine.datafusion_store import CONNECT_SECONDS, attach_bucket
from plan_engine.errors import DatasetAccessRefused, DatasetMissing, DatasetStoreUnavailable
from plan_engine.source_files import SourceFile
from plan_engine.storage_settings import DEFAULT_REGION, SCHEME, StorageSettings, bucket_and_key

_BUFFER_BYTES = 1 << 20
_STATUS = re.compile(r"status code: (\d{3})")
_INSTANCE_METADATA = re.compile(r"169\.254\.\d+\.\d+")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_REFUSED = {"401", "403"}
_PAUSES = wait_exponential(multiplier=1, max=5)
"""One second after the first attempt, doubled each time."""

T = TypeVar("T")


class ObjectStoreSource:
    """Objects of a bucket; implements the port `DataSource`. Safe to use from several threads.

    Parameters
    ----------
    name
        The dataset, for messages.
    settings
        How the bucket is reached.
    """

    remote = True

    def __init__(self, name: str, settings: StorageSettings) -> None:
        self._name = name
        self._settings = settings
        limit = timedelta(seconds=settings.timeout_seconds)
        keys = {
            "region": settings.region or DEFAULT_REGION,
            "endpoint": settings.endpoint,
            "access_key_id": settings.access_key_id,
            "secret_access_key": settings.secret_access_key,
            "session_token": settings.session_token,
        }
        self._store = S3Store(
            settings.bucket,
            config={key: value for key, value in keys.items() if value is not None},  # pyright: ignore[reportArgumentType]  # its keys are literals
            skip_signature=settings.skip_signature,
            client_options={
                "timeout": limit,
                "connect_timeout": min(limit, timedelta(seconds=CONNECT_SECONDS)),
                "allow_http": settings.plain_http,
            },
            retry_config={"max_retries": 0, "retry_timeout": limit},  # `_asked` asks again
        )

    def list(self, prefix: str) -> list[SourceFile]:
        """Give all objects whose keys begin with the prefix, taken as folders; sorted by key."""
        place = f"{SCHEME}://{self._settings.bucket}/{prefix}"
        found = self._asked(place, lambda: obstore.list(self._store, prefix or None, chunk_size=1000).collect())
        return [
            SourceFile(
                uri=f"{SCHEME}://{self._settings.bucket}/{meta['path']}",
                bytes=meta["size"],
                version=_version(meta["size"], meta["e_tag"]),
            )
            for meta in sorted(found, key=lambda meta: meta["path"])
        ]

    def head(self, uri: str) -> SourceFile | None:
        """Look at one object; none when there is none."""
        try:
            meta = self._asked(uri, lambda: obstore.head(self._store, self._key(uri)))
        except FileNotFoundError:
            return None
        return SourceFile(uri=uri, bytes=meta["size"], version=_version(meta["size"], meta["e_tag"]))

    def versions(self, uris: tuple[str, ...]) -> dict[str, str]:
        """Give what tells each object from what may replace it; those that are gone are left out."""
        if len(uris) > 1:
            folder = _common_folder([self._key(uri) for uri in uris])
            return {file.uri: file.version for file in self.list(folder)}
        found = [self.head(uri) for uri in uris]
        return {file.uri: file.version for file in found if file is not None}

    def open(self, file: SourceFile) -> BufferedReader:
        """Open an object; each read of it is a request for a range."""
        return BufferedReader(_Ranges(self, file), buffer_size=_BUFFER_BYTES)

    def read(self, uri: str, start: int, length: int) -> bytes:
        """Give a part of an object."""
        part = self._asked(uri, lambda: obstore.get_range(self._store, self._key(uri), start=start, length=length))
        return part.to_bytes()

    def place(self, file: SourceFile) -> AbstractContextManager[str]:
        """Give the URL of the object."""
        return nullcontext(file.uri)

    def attach(self, context: SessionContext) -> None:
        """Let a session read from the bucket through DataFusion's own client."""
        attach_bucket(context, self._settings)

    def failure(self, uri: str, words: str) -> PlanError | None:
        """Tell what DataFusion's client says of the service, without its words."""
        if not speaks_of_object_store(words):
            return None
        return self._told_error(uri, words, waited=f"each attempt had {self._settings.timeout_seconds:g} s")

    def _key(self, uri: str) -> str:
        return bucket_and_key(self._name, uri)[1]

    def _asked(self, place: str, request: Callable[[], T]) -> T:
        """Ask, and again while the service does not answer, also where an answer breaks off."""

        def ask() -> T:
            with self._told(place):
                return request()

        attempts = stop_after_attempt(self._settings.retries + 1)
        unanswered = retry_if_exception_type(DatasetStoreUnavailable)
        return Retrying(stop=attempts, wait=_PAUSES, retry=unanswered, reraise=True)(ask)

    @contextmanager
    def _told(self, place: str) -> Generator[None]:
        """Tell what the service answers without its words, which may hold a key."""
        try:
            yield
        except FileNotFoundError:
            raise
        except BaseError as reason:
            settings = self._settings
            attempts = "1 more attempt" if settings.retries == 1 else f"{settings.retries} more attempts"
            waited = f"after {attempts} of at most {settings.timeout_seconds:g} s"
            refused = isinstance(reason, PermissionDeniedError | UnauthenticatedError)
            raise self._told_error(place, str(reason), waited, refused=refused) from None

    def _told_error(self, place: str, words: str, waited: str, *, refused: bool = False) -> PlanError:
        where = f"`{place}` of the dataset `{self._name}`"
        status, code = (_found(pattern, words) for pattern in (_STATUS, _CODE))
        said = code or status or "no answer"
        if code == "NoSuchBucket":
            message = f"The bucket `{self._settings.bucket}` of the dataset `{self._name}` does not exist"
            return DatasetMissing(message, subject=self._name, suggestion="Look at the URL, and at `endpoint`.")
        if self._settings.access_key_id is None and _INSTANCE_METADATA.search(words) is not None:
            message = f"There are no credentials for {where}: neither variables nor a role of this machine give any"
            mend = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `skip_signature = true` for a public bucket."
            return DatasetAccessRefused(message, subject=self._name, suggestion=mend)
        if refused or status in _REFUSED:
            message = f"The object store{self._endpoint()} refuses access to {where} ({said})"
            mend = "Look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or at `storage_options`."
            if self._settings.skip_signature:
                mend = "It is not public: take `skip_signature` out of `storage_options`, and give credentials."
            return DatasetAccessRefused(message, subject=self._name, suggestion=mend)
        message = f"The object store{self._endpoint()} does not answer for {where} ({said}), {waited}"
        mend = "Look at `endpoint` and the network; `storage_options` set `timeout_seconds` and `retries`."
        return DatasetStoreUnavailable(message, subject=self._name, suggestion=mend)

    def _endpoint(self) -> str:
        return f" at {self._settings.endpoint}" if self._settings.endpoint else ""


class _Ranges(io.RawIOBase):
    """An object as a file that is read by ranges."""

    def __init__(self, source: ObjectStoreSource, file: SourceFile) -> None:
        self._source = source
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.bytes}[whence]
        self._position = max(0, base + offset)
        return self._position

    # io asks for any writable buffer, and gives one of these.
    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]  # pyrefly: ignore
        length = min(len(buffer), self._file.bytes - self._position)
        if length <= 0:
            return 0
        buffer[:length] = self._source.read(self._file.uri, self._position, length)
        self._position += length
        return length


def _version(size: int, etag: str | None) -> str:
    return f"{size} {etag or ''}".rstrip()


def _found(pattern: re.Pattern[str], words: str) -> str | None:
    """Find a code in the service's answer; nothing else of it is shown, since it may repeat what it was sent."""
    found = pattern.search(words)
    return found.group(1) if found is not None else None


def _common_folder(keys: list[str]) -> str:
    first, last = min(keys).split("/")[:-1], max(keys).split("/")[:-1]
    shared = [one for index, one in enumerate(first) if first[: index + 1] == last[: index + 1]]
    return "/".join(shared)
