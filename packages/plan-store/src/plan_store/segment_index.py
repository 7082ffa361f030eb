"""Which segments hold the events at this moment, and which runs' events each of them holds."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from plan_store.documents import MEND
from plan_store.errors import StoreDamaged
from plan_store.layout import COMPACTED, SEGMENTS, Layout
from plan_store.ledger import newest_entry
from plan_store.objects import Objects

_OF_ONE_RUN = re.compile(r"events/[^/]+/\d{15}-(.+)-\d{6}-([0-9a-f]{64})\.parquet")
_COMPACTED = re.compile(COMPACTED + r"/\d{15}-\d{15}-[0-9a-f]{16}-([0-9a-f]{64})\.parquet")
_ENDING = ".parquet"

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A file of events."""

    key: str
    """Its key."""
    runs: tuple[str, ...] | None
    """The runs whose events it holds; none when its name does not say."""

    def may_hold(self, run_id: str) -> bool:
        """Say whether it may hold events of the run."""
        return self.runs is None or run_id in self.runs


def current_segments(layout: Layout) -> list[Segment]:
    """Give the segments that hold every event once, those of single runs by day and time, then the compacted ones.

    The names are listed before the ledger is read: a segment that a compaction has replaced and removed before it was
    listed is named by the ledger that is read after. One that is removed later is missing when it is opened; then the
    caller asks again.
    """
    keys = layout.objects.keys(SEGMENTS)
    ledger = newest_entry(layout.objects).ledger
    retired = set(ledger.retired)
    single = [
        Segment(key=key, runs=None if run is None else (run,))
        for key in keys
        if key.endswith(_ENDING) and not key.startswith(f"{COMPACTED}/") and key not in retired
        for run in [run_of(key)]
    ]
    return [*single, *(Segment(key=each.key, runs=each.runs) for each in ledger.segments)]


def while_they_last(layout: Layout, read: Callable[[list[Segment]], T]) -> T:
    """Read the current segments; again from the start when a compaction removes one of them meanwhile.

    Parameters
    ----------
    layout
        The store.
    read
        Reads the segments, and raises `FileNotFoundError` when one has gone.

    Raises
    ------
    StoreDamaged
        When a segment that should be there is missing.
    """
    before: list[Segment] = []
    while True:
        segments = current_segments(layout)
        try:
            return read(segments)
        except FileNotFoundError as reason:
            if segments == before:
                gone = [each for each in segments if not layout.objects.exists(each.key)]
                shown = layout.objects.shown(gone[0].key if gone else SEGMENTS)
                raise StoreDamaged(f"The event segment {shown} is gone", subject=shown) from reason
            before = segments


def run_of(key: str) -> str | None:
    """Give the run whose events a segment holds, from its name alone; none for a file that is not named as ours are."""
    found = _OF_ONE_RUN.fullmatch(key)
    return found.group(1) if found is not None else None


def digest_of(key: str) -> str | None:
    """Give the digest in the name of a segment; none for a file that is not named as ours are."""
    found = _OF_ONE_RUN.fullmatch(key) or _COMPACTED.fullmatch(key)
    return found.groups()[-1] if found is not None else None


def read_whole(objects: Objects, key: str) -> bytes:
    """Give the bytes of a segment, compared with the digest in its name.

    Raises
    ------
    StoreDamaged
        When they differ, or the name holds none.
    FileNotFoundError
        When it has gone.
    """
    data = objects.get(key)
    digest, shown = digest_of(key), objects.shown(key)
    if digest is None:
        message = f"The file {shown} is not named as a segment is"
        raise StoreDamaged(message, subject=shown, suggestion="Move it away, if it is not yours.")
    if hashlib.sha256(data).hexdigest() != digest:
        message = f"The event segment {shown} is damaged: its bytes do not match its name"
        raise StoreDamaged(message, subject=shown, suggestion=MEND)
    return data


def damaged_segments(objects: Objects, segments: list[Segment]) -> Iterator[StoreDamaged]:
    """Give every segment whose bytes are not what was written; one that has gone in the meantime is none."""
    for segment in segments:
        try:
            read_whole(objects, segment.key)
        except StoreDamaged as damage:
            yield damage
        except FileNotFoundError:
            continue
