"""One file of a dataset as it was when it was found, and what tells it from what may replace it."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file that was looked for and found."""

    uri: str
    """Path or URL."""
    bytes: int
    """Size."""
    version: str
    """Differs from that of any other content at this place."""
    written_ns: int = 0
    """When it was last written, in nanoseconds since 1970; 0 where the version alone tells."""
    changed_ns: int = 0
    """When anything about it last changed, in nanoseconds since 1970; 0 where the version alone tells."""

    @property
    def name(self) -> str:
        """The last part of its place."""
        return self.uri.rsplit("/", 1)[-1]


def told_apart(one: SourceFile, other: SourceFile) -> tuple[str, str]:
    """Give the ends of two places, no longer than it takes to tell one from the other.

    Examples
    --------
    >>> one, other = (SourceFile(uri=f"/data/day={day}/a.csv", bytes=1, version="1") for day in (1, 2))
    >>> told_apart(one, other)
    ('day=1/a.csv', 'day=2/a.csv')
    """
    first, second = one.uri.split("/"), other.uri.split("/")
    length = next((size for size in range(1, len(first)) if first[-size:] != second[-size:]), len(first))
    return "/".join(first[-length:]), "/".join(second[-length:])


def local_file(path: str) -> SourceFile:
    """Look at a file.

    Raises
    ------
    OSError
        When it is not there, or a link leads nowhere.
    """
    found = Path(path).stat()
    return SourceFile(
        uri=path,
        bytes=found.st_size,
        version=local_version(found),
        written_ns=found.st_mtime_ns,
        changed_ns=found.st_ctime_ns,
    )


def size_in(version: str) -> int:
    """Give the size of a file, with which each version begins."""
    return int(version.split(" ", 1)[0])


def local_version(found: os.stat_result) -> str:
    """Give what tells a local file from what may replace it.

    A new file has another inode, and a changed one another size or another time of its last change.
    """
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ino}"
