"""Where the files of a dataset lie, and how their bytes are got at."""

from contextlib import AbstractContextManager, suppress
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from plan_contracts import PlanError, StorageOptions
from plan_engine.errors import DatasetMissing
from plan_engine.plain_paths import plain_path
from plan_engine.source_files import SourceFile, local_file
from plan_engine.storage_settings import bucket_and_key, is_url, storage_settings

if TYPE_CHECKING:
    from datafusion import SessionContext

    from plan_engine.object_store import ObjectStoreSource


class DataSource(Protocol):
    """Gives the bytes of files. Safe to use from several threads."""

    remote: bool
    """Whether each read is a request over a network, so that files are not read whole to find out about them."""

    def open(self, file: SourceFile) -> BufferedReader:
        """Open a file for reading at any place of it.

        Raises
        ------
        OSError
            When it cannot be opened, or a later read of it fails.
        """
        ...

    def place(self, file: SourceFile) -> AbstractContextManager[str]:
        """Give the path or URL by which DataFusion reads the file, for the duration of the block."""
        ...

    def attach(self, context: "SessionContext") -> None:
        """Let a session read from here."""
        ...

    def versions(self, uris: tuple[str, ...]) -> dict[str, str]:
        """Give for each file what tells it from what may replace it; those that are gone are left out."""
        ...

    def failure(self, uri: str, words: str) -> PlanError | None:
        """Tell what a message of DataFusion's says of the place where a file lies; none when it is about the file."""
        ...


class LocalSource:
    """Files of this machine."""

    remote = False

    def open(self, file: SourceFile) -> BufferedReader:
        """Open a file for reading."""
        return Path(file.uri).open("rb")

    def place(self, file: SourceFile) -> AbstractContextManager[str]:
        """Give the path of the file, or that of a link to it."""
        return plain_path(file.uri)

    def attach(self, context: "SessionContext") -> None:
        """Do nothing: sessions read local files by themselves."""

    def versions(self, uris: tuple[str, ...]) -> dict[str, str]:
        """Look at each file."""
        found: dict[str, str] = {}
        for uri in uris:
            with suppress(OSError):
                found[uri] = local_file(uri).version
        return found

    def failure(self, uri: str, words: str) -> PlanError | None:
        """Say nothing: a local file is there or not."""
        del uri, words
        return None


def source_of(name: str, place: str, storage: StorageOptions | None) -> DataSource:
    """Give the source of the files of a dataset.

    Parameters
    ----------
    name
        The dataset, for messages.
    place
        Path or URL of one of its files, or of a folder above them.
    storage
        How the object store of a URL is reached.

    Raises
    ------
    DatasetMissing
        When the URL is of no known kind, or the library for object stores is not installed.
    DatasetAccessRefused
        When a variable that names a secret is not set.
    """
    return object_store(name, place, storage)[0] if is_url(place) else LocalSource()


def object_store(name: str, url: str, storage: StorageOptions | None) -> "tuple[ObjectStoreSource, str]":
    """Give the source at a URL, and the key within its bucket."""
    bucket, key = bucket_and_key(name, url)
    try:
        from plan_engine.object_store import ObjectStoreSource
    except ImportError as reason:
        message = f"The dataset `{name}` lies in an object store, and the library for those is not installed"
        mend = "Install the extra: `plan-engine[s3]`."
        raise DatasetMissing(message, subject=name, suggestion=mend) from reason
    return ObjectStoreSource(name, storage_settings(name, bucket, storage)), key
