"""One build of a project at a time. The lock is the kernel's, so it ends with the process that holds it."""

import fcntl
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from plan_store.errors import ProjectLocked


@contextmanager
def hold_lock(path: Path, project: str) -> Generator[None]:
    """Hold the lock of a project for the duration of the block.

    Raises
    ------
    ProjectLocked
        When another process holds it; the message says which, and since when.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as reason:
            message = f"Another build of the project `{project}` is running{_holder(path)}"
            mend = "Wait until it has ended, or stop it."
            raise ProjectLocked(message, subject=project, suggestion=mend) from reason
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(path: Path) -> str:
    try:
        holder: dict[str, str | int] = json.loads(path.read_text())
        return f": process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (ValueError, KeyError, OSError):
        return ""


def _now() -> str:
    return datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
