"""Which files lie below a folder, and which paths fit a pattern such as `2024/**/*.parquet`."""

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

ANY_DEPTH = "**"
"""The part of a pattern that stands for any number of folders, none among them."""


def split_at_wildcard(path: str) -> tuple[str, tuple[str, ...]]:
    """Give the folder above the first wildcard, and the parts of the pattern below it.

    Examples
    --------
    >>> split_at_wildcard("data/2024/*/part-?.csv")
    ('data/2024', ('*', 'part-?.csv'))
    """
    parts = PurePosixPath(path).parts
    wild = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return str(PurePosixPath(*parts[:wild])), parts[wild:]


def fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Say whether a path fits a pattern, both given by their parts.

    Examples
    --------
    >>> fits(("a", "b", "c.csv"), ("**", "*.csv")), fits(("a", "c.csv"), ("*.csv",))
    (True, False)
    """
    if not pattern:
        return not parts
    if pattern[0] == ANY_DEPTH:
        return any(fits(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and fits(parts[1:], pattern[1:])


def hidden(parts: Sequence[str], prefixes: tuple[str, ...]) -> bool:
    """Say whether a file or a folder above it bears a name that readers leave out."""
    return any(part.startswith(prefixes) for part in parts)


def walk(folder: str, pattern: Sequence[str], prefixes: tuple[str, ...]) -> list[str]:
    """Give everything below a folder that fits a pattern and is no folder, sorted; links are followed.

    Parameters
    ----------
    folder
        Where to look.
    pattern
        Parts of the pattern, relative to the folder.
    prefixes
        Files and folders whose names begin like this are left out.

    Raises
    ------
    OSError
        When a folder cannot be listed: what lies in it would be missing without a word.
    """
    return sorted(set(_walk(folder, tuple(pattern), prefixes, frozenset())))


def _walk(folder: str, pattern: tuple[str, ...], prefixes: tuple[str, ...], above: frozenset[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in above:  # a link leads back to a folder that is being walked
        return
    first, rest = pattern[0], pattern[1:]
    if first == ANY_DEPTH and rest:
        yield from _walk(folder, rest, prefixes, above)
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if not entry.name.startswith(prefixes)]
    for entry in found:
        if first != ANY_DEPTH and not fnmatchcase(entry.name, first):
            continue
        if entry.is_dir():
            below = pattern if first == ANY_DEPTH else rest
            if below:
                yield from _walk(entry.path, below, prefixes, above | {real})
        elif not rest:
            yield entry.path
