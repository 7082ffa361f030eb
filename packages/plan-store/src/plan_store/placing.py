"""Putting files in their place, whole or not at all, and durably: written beside, synced, then linked."""

import os
import secrets
from pathlib import Path


def place(target: Path, data: bytes, tmp: Path) -> bool:
    """Put bytes in a place where nothing is yet.

    Parameters
    ----------
    target
        The place. Its folder is created.
    data
        The whole content.
    tmp
        A folder on the same file system, for the file on its way.

    Returns
    -------
    bool
        Whether the file was put there; false when there was one already, which is left as it is.

    Raises
    ------
    OSError
        When the disk refuses; nothing is at the target then.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    tmp.mkdir(parents=True, exist_ok=True)
    beside = tmp / secrets.token_hex(16)
    try:
        _write_synced(beside, data)
        try:
            os.link(beside, target)
        except FileExistsError:
            return False
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(target.parent)
    return True


def replace(target: Path, data: bytes, tmp: Path) -> None:
    """Put bytes in a place, over whatever is there: for caches, which may be lost."""
    target.parent.mkdir(parents=True, exist_ok=True)
    tmp.mkdir(parents=True, exist_ok=True)
    beside = tmp / secrets.token_hex(16)
    beside.write_bytes(data)
    beside.replace(target)


def sync_file(path: Path) -> None:
    """Make a file's content durable."""
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


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
