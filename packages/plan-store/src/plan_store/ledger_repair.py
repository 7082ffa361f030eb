"""Writing the ledger anew from the segments themselves, when its newest entry is damaged."""

# pyarrow's stubs leave the type parameters of tables open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import io

import pyarrow.parquet as pq

from plan_contracts.store_records import CompactedSegment, SegmentLedger
from plan_store.errors import StoreDamaged
from plan_store.layout import COMPACTED, SEGMENTS, Layout
from plan_store.ledger import NumberedEntry, commit, newest_number, succeed
from plan_store.segment_index import digest_of, read_whole

_Identity = tuple[str, int, str]
"""Run, time and payload's digest of an event."""


def repair_ledger(layout: Layout) -> bool:
    """Put an entry behind the damaged one; false when another process was first.

    A compaction replaces whole segments. So a segment of which every event stands in a larger one was replaced by it,
    and all others count.
    """
    contents = _contents(layout)
    covered: set[_Identity] = set()
    counting: list[CompactedSegment] = []
    retired: list[str] = []
    for key, (size, rows) in sorted(contents.items(), key=lambda each: (-len(each[1][1]), each[0])):
        identities = set(rows)
        if identities <= covered:
            retired.append(key)
            continue
        covered |= identities
        if key.startswith(f"{COMPACTED}/"):
            runs = tuple(sorted({run_id for run_id, _, _ in identities}))
            counting.append(CompactedSegment(key=key, rows=len(rows), bytes=size, runs=runs))
    damaged = NumberedEntry(number=newest_number(layout.objects), ledger=SegmentLedger(token=""))
    return commit(layout.objects, damaged, succeed(layout.objects, damaged, counting, retired)) is not None


def _contents(layout: Layout) -> dict[str, tuple[int, list[_Identity]]]:
    """Give size and events of every whole segment."""
    found: dict[str, tuple[int, list[_Identity]]] = {}
    for key in layout.objects.keys(SEGMENTS):
        if digest_of(key) is None:
            continue
        try:
            data = read_whole(layout.objects, key)
        except (StoreDamaged, FileNotFoundError):
            continue
        table = pq.read_table(io.BytesIO(data), columns=["run_id", "event_time_unix_ms", "event_payload_hash"])
        rows = [
            (str(row["run_id"]), int(row["event_time_unix_ms"]), str(row["event_payload_hash"]))
            for row in table.to_pylist()
        ]
        found[key] = (len(data), rows)
    return found
