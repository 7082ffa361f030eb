"""Who builds a project, known to every machine that shares the store.

A lease is an object with a number, put where no object with that number is; the largest number holds. Its holder puts a
beat beside it every few seconds, and an end when it is done. Ages are differences between times that the place of the
store gave, so the clocks of two machines may be apart. A holder that sleeps too long loses its lease, and looks for a
later one before it replaces anything.
"""

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from plan_contracts import decode_msgpack, encode_msgpack
from plan_contracts.store_records import ProjectLease
from plan_store.documents import read_document
from plan_store.errors import ProjectLockLost, StoreDamaged
from plan_store.layout import LOCKS
from plan_store.objects import Objects
from plan_store.run_marker import boot_id, is_alive

BEAT_SECONDS = 5.0
"""Time between two signs of life."""

STALE_SECONDS = 60.0
"""Time without a sign of life after which a holder on another machine counts as dead."""


@dataclass(frozen=True, kw_only=True)
class HeldLease:
    """The newest lease of a project."""

    number: int
    """Its number; 0 where there is none."""
    lease: ProjectLease | None
    """Who holds it; none when it is free."""


def newest_lease(objects: Objects, project: str, *, alone_on_host: bool) -> HeldLease:
    """Give the lease that holds, if its holder is alive.

    Parameters
    ----------
    objects
        The store's objects.
    project
        The project.
    alone_on_host
        Whether it is known otherwise that no process of this machine builds the project.
    """
    modified = {each.key: each.modified for each in objects.listing(f"{LOCKS}/{project}")}
    number = max(_numbers(modified), default=0)
    if number == 0 or _key(project, number, "end") in modified:
        return HeldLease(number=number, lease=None)
    try:
        lease = read_document(objects, _key(project, number, "msgpack"), ProjectLease)
    except (StoreDamaged, FileNotFoundError):
        return HeldLease(number=number, lease=None)
    beat = max(modified.get(_key(project, number, ending), 0.0) for ending in ("msgpack", "beat"))
    dead = (
        _is_dead_here(lease, alone_on_host)
        if lease.host == socket.gethostname()
        else _is_silent(objects, project, beat)
    )
    return HeldLease(number=number, lease=None if dead else lease)


def take_lease(objects: Objects, project: str, before: HeldLease, now_unix_ms: int) -> int | None:
    """Take the lease after one that is free; give its number, or none when another process was first."""
    number = before.number + 1
    lease = ProjectLease(
        token=secrets.token_hex(8),
        project=project,
        pid=os.getpid(),
        host=socket.gethostname(),
        boot=boot_id(),
        since_unix_ms=now_unix_ms,
    )
    data = encode_msgpack(lease)
    decode_msgpack(data, ProjectLease)
    if not objects.put_if_absent(_key(project, number, "msgpack"), data):
        return None
    for key in objects.keys(f"{LOCKS}/{project}"):
        if key.rpartition("/")[2].partition(".")[0] != f"{number:012}":
            objects.delete(key)
    return number


class ProjectHold:
    """A lease that this process holds, unless it slept so long that it counted as dead."""

    def __init__(self, objects: Objects, project: str, number: int) -> None:
        self._objects = objects
        self._project = project
        self._number = number

    def check(self) -> None:
        """Look whether the lease still holds; asked before whatever replaces what another build may have put since.

        Raises
        ------
        ProjectLockLost
            When another process has taken the project over.
        OSError
            When the place does not answer.
        """
        if not self._is_lost():
            return
        message = f"Another build has taken over the project `{self._project}` while this one gave no sign of life"
        mend = "Nothing was published after that: build again, unless the other build has done it."
        raise ProjectLockLost(message, subject=self._project, suggestion=mend)

    def beat(self) -> bool:
        """Give a sign of life; false when the lease is lost, and none is due any more."""
        try:
            if self._is_lost():
                return False
            self._objects.put(_key(self._project, self._number, "beat"), b"")
        except OSError:
            return True  # the next one may get through
        return True

    def end(self) -> None:
        """End the lease."""
        with contextlib.suppress(OSError):  # it is found to be stale instead
            if not self._is_lost():
                self._objects.put(_key(self._project, self._number, "end"), b"")

    def _is_lost(self) -> bool:
        """Look for the next lease, and for this one: who puts a later one removes those before it, the oldest first."""
        after, own = (_key(self._project, number, "msgpack") for number in (self._number + 1, self._number))
        return self._objects.exists(after) or not self._objects.exists(own)


@contextlib.contextmanager
def beating(objects: Objects, project: str, number: int) -> Generator[ProjectHold]:
    """Give signs of life for the duration of a block, and end the lease after it."""
    hold, ended = ProjectHold(objects, project, number), threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_SECONDS) and hold.beat():
            pass

    thread = threading.Thread(target=beat, name="plan-store-lease", daemon=True)
    thread.start()
    try:
        yield hold
    finally:
        ended.set()
        thread.join()
        hold.end()


def _key(project: str, number: int, ending: str) -> str:
    return f"{LOCKS}/{project}/{number:012}.{ending}"


def _numbers(keys: Iterable[str]) -> Iterator[int]:
    """Give the numbers of leases, without their beats and ends."""
    return (int(key.rpartition("/")[2].partition(".")[0]) for key in keys if key.endswith(".msgpack"))


def _is_dead_here(lease: ProjectLease, alone_on_host: bool) -> bool:
    return alone_on_host or not is_alive(lease.pid, lease.boot)


def _is_silent(objects: Objects, project: str, beat: float) -> bool:
    """Compare the last sign of life with the present time of the place itself."""
    probe = f"{LOCKS}/{project}/probe-{secrets.token_hex(8)}"
    try:
        objects.put(probe, b"")
        now = next(each.modified for each in objects.listing(f"{LOCKS}/{project}") if each.key == probe)
    finally:
        objects.delete(probe)
    return now - beat > STALE_SECONDS
