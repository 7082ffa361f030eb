"""Where the files of a dataset lie, and how their bytes are got at."""

from contextlib import AbstractContextManager
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from datafusion import SessionContext

from plan_contracts import StorageOptions
from plan_engine.plain_paths import plain_path
from plan_engine.source_files import SourceFile


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

    def attach(self, context: SessionContext) -> None:
        """Let a session read from here."""
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

    def attach(self, context: SessionContext) -> None:
        """Do nothing: sessions read local files by themselves."""


def source_of(root: str, storage: StorageOptions | None) -> DataSource:
    """Give the source of the files below a folder or URL."""
    del root, storage
    return LocalSource()
