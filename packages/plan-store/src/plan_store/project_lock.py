"""One build of a project at a time: the kernel's lock among the processes of a machine, a lease among machines."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime

from plan_contracts import Clock
from plan_contracts.store_records import ProjectLease
from plan_store.errors import ProjectLocked
from plan_store.layout import LOCKS, Layout
from plan_store.project_lease import ProjectHold, beating, newest_lease, take_lease

POLL_SECONDS = 0.2
"""Time between two tries while waiting."""


@contextlib.contextmanager
def hold_lock(
    layout: Layout, project: str, clock: Clock, *, wait: Callable[[str], None] | None = None
) -> Generator[ProjectHold]:
    """Hold the lock of a project for the duration of the block.

    Parameters
    ----------
    layout
        The store.
    project
        The project.
    clock
        Gives the time that others are told.
    wait
        Wait for the holder to end; told once who that is. Without it, a held lock is an error.

    Raises
    ------
    ProjectLocked
        When another process holds it; the message says which, where, and since when.
    OSError
        When the store cannot be written.
    """
    path = layout.folder / LOCKS / f"{project}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    told = False
    try:
        while True:
            locked = _lock(descriptor)
            held = newest_lease(layout.objects, project, alone_on_host=locked and not layout.is_shared_elsewhere)
            if locked and held.lease is None:
                number = take_lease(layout.objects, project, held, clock.unix_ms())
                if number is not None:
                    break
                continue
            message = f"Another build of the project `{project}` is running{_described(held.lease)}"
            if wait is None:
                mend = "Wait until it has ended (`--wait` does), or stop it."
                raise ProjectLocked(message, subject=project, suggestion=mend)
            if not told:
                wait(message)
                told = True
            time.sleep(POLL_SECONDS)
        with beating(layout.objects, project, number) as hold:
            yield hold
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _described(lease: ProjectLease | None) -> str:
    if lease is None:
        return ""
    since = datetime.fromtimestamp(lease.since_unix_ms / 1000, tz=UTC)
    return f": process {lease.pid} on {lease.host}, since {since:%Y-%m-%d %H:%M:%S} UTC"
