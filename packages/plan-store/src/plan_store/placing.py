"""Putting files in their place, whole and durable or not at all: written apart and synced, then linked."""

import errno
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

SYNCED_TOGETHER = 16
"""Files that are synced at a time: a thousand small ones take a tenth of the time, and more at once gain little."""

_NAMELESS_FILE: int = getattr(os, "O_TMPFILE", 0)
_NOT_HERE = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}
"""What a file system says that has no files without a name."""


def place(target: Path, data: bytes, tmp: Path) -> bool:
    """Put bytes in a place where nothing is yet.

    Parameters
    ----------
    target
        The place. Its folder is created.
    data
        The whole content.
    tmp
        A folder on the same file system, for the file on its way where files cannot be without a name.

    Returns
    -------
    bool
        Whether these bytes are there; false when there are others already, which are left as they are.

    Raises
    ------
    OSError
        When the disk refuses; nothing is at the target then.
    """
    if target.exists():
        return target.read_bytes() == data
    while True:
        make_folder(target.parent)
        try:
            if not _link_nameless(target, data):
                _link_named(target, data, tmp)
        except FileExistsError:
            return target.read_bytes() == data
        except FileNotFoundError:
            if target.parent.is_dir():
                raise
            continue  # somebody removed the folder, which was empty
        sync_folder(target.parent)
        return True


def replace(target: Path, data: bytes, tmp: Path) -> None:
    """Put bytes in a place, over whatever is there: for caches, which may be lost."""
    target.parent.mkdir(parents=True, exist_ok=True)
    tmp.mkdir(parents=True, exist_ok=True)
    beside = tmp / secrets.token_hex(16)
    beside.write_bytes(data)
    beside.replace(target)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, each durably."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_files(paths: Sequence[Path]) -> None:
    """Make the content of files durable, several at a time, which file systems put to disk together.

    Raises
    ------
    OSError
        When one of them cannot be synced; the others may not be either.
    """
    from concurrent.futures import ThreadPoolExecutor  # whose import takes as long as a few syncs

    together = min(SYNCED_TOGETHER, max(1, len(paths)))
    pool = ThreadPoolExecutor(together, thread_name_prefix="plan-store-sync")
    try:
        # A thread's share is one job: to hand over a job takes longer than to sync a small file beside others.
        for _ in pool.map(_sync_each, (paths[first::together] for first in range(together))):
            pass
    finally:
        pool.shutdown(cancel_futures=True)


def _sync_each(paths: Sequence[Path]) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make a folder's entries durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _link_nameless(target: Path, data: bytes) -> bool:
    """Write a file without a name and link it, so that a killed process leaves nothing; false where that cannot be."""
    if not _NAMELESS_FILE:
        return False
    try:
        descriptor = os.open(target.parent, os.O_WRONLY | _NAMELESS_FILE, 0o644)
    except OSError as reason:
        if reason.errno in _NOT_HERE:
            return False
        raise
    try:
        _write_synced(descriptor, data)
        # Naming a folder makes Python call `linkat`, which alone follows the link in /proc to the file.
        os.link(f"/proc/self/fd/{descriptor}", target, src_dir_fd=descriptor, follow_symlinks=True)
    except FileNotFoundError:
        if Path("/proc/self/fd").is_dir():
            raise
        return False
    finally:
        os.close(descriptor)
    return True


def _link_named(target: Path, data: bytes, tmp: Path) -> None:
    tmp.mkdir(parents=True, exist_ok=True)
    beside = tmp / secrets.token_hex(16)
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            _write_synced(descriptor, data)
        finally:
            os.close(descriptor)
        os.link(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _write_synced(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
