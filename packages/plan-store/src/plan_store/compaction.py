"""Putting many small segments together into few, so that listing and opening stay quick after thousands of runs.

Every step leaves a store that reads the same: a new segment counts from the moment that the ledger names it, and the
segments that it stands for are removed after that. A compaction that is killed is finished by the next one; of two at
once, one finds that the ledger has moved on, and begins again.
"""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import StoreCompaction
from plan_contracts.store_records import SegmentLedger
from plan_store.compacted_segment import put_compacted
from plan_store.errors import StoreDamaged
from plan_store.layout import COMPACTED, SEGMENTS, Layout
from plan_store.ledger import NumberedEntry, commit, newest_entry, succeed
from plan_store.manifests import finished_runs
from plan_store.objects import Objects
from plan_store.segment_index import read_whole, run_of

GROUP_BYTES = 32 << 20
"""Size of the segments that are put together at once."""

GROWTH = 2
"""A compacted segment is rewritten only together with others that have at least this share of its size."""


@dataclass(kw_only=True)
class _Tally:
    """What was done so far."""

    replaced: int = 0
    new: int = 0
    rows: int = 0
    before: int = 0
    after: int = 0
    damaged: dict[str, None] = field(default_factory=dict[str, None])


def compact_store(layout: Layout) -> StoreCompaction:
    """Put the segments of finished runs together; damaged ones are left alone and named.

    Raises
    ------
    StoreDamaged
        When the ledger is damaged.
    OSError
        When the store cannot be written; it reads the same then, and the next compaction goes on.
    """
    tally = _Tally()
    finish_removals(layout.objects)
    while _compact_group(layout, tally):
        pass
    return StoreCompaction(
        replaced_segments=tally.replaced,
        new_segments=tally.new,
        rows=tally.rows,
        bytes_before=tally.before,
        bytes_after=tally.after,
        damaged=tuple(layout.objects.shown(key) for key in tally.damaged),
    )


def finish_removals(objects: Objects) -> None:
    """Remove what an earlier compaction, which was killed, has replaced, and what it put and never named."""
    while True:
        newest = newest_entry(objects)
        remove(objects, newest.ledger.retired)
        orphans = orphan_segments(objects, newest.ledger)
        if not orphans:
            return
        # The entry makes a process that is about to name one of them begin again.
        done = commit(objects, newest, succeed(objects, newest, newest.ledger.segments, orphans))
        if done is not None:
            remove(objects, done.ledger.retired)
            return


def orphan_segments(objects: Objects, ledger: SegmentLedger) -> list[str]:
    """Give the keys of compacted segments that the ledger does not name."""
    named = {segment.key for segment in ledger.segments}
    return [key for key in objects.keys(COMPACTED) if key not in named]


def remove(objects: Objects, keys: Sequence[str]) -> None:
    """Remove objects; those that are gone already are no error."""
    for key in keys:
        objects.delete(key)


def _compact_group(layout: Layout, tally: _Tally) -> bool:
    """Replace one group of segments; false when there is nothing left to do."""
    newest = newest_entry(layout.objects)
    group = _next_group(layout, newest, tally)
    if len(group) < 2:
        return False
    try:
        tables = _read_group(layout, group, tally)
    except FileNotFoundError:
        return True  # somebody else has replaced one of them
    if len(tables) < 2:
        return True  # the damaged ones are known now, and not chosen again
    made = put_compacted(layout.objects, pa.concat_tables(tables.values()))
    stays = [segment for segment in newest.ledger.segments if segment.key not in tables]
    done = commit(layout.objects, newest, succeed(layout.objects, newest, [*stays, made], tables))
    if done is None:
        layout.objects.delete(made.key)
        return True
    remove(layout.objects, done.ledger.retired)
    tally.replaced += len(tables)
    tally.new += 1
    tally.rows += made.rows
    tally.before += sum(group[key] for key in tables)
    tally.after += made.bytes
    return True


def _next_group(layout: Layout, newest: NumberedEntry, tally: _Tally) -> dict[str, int]:
    """Choose segments that are worth putting together; give their sizes by key."""
    finished = set(finished_runs(layout))
    known = {*tally.damaged, *newest.ledger.retired}
    group: dict[str, int] = {}
    total = 0
    for found in layout.objects.listing(SEGMENTS):
        if run_of(found.key) in finished and found.key not in known and total < GROUP_BYTES:
            group[found.key] = found.bytes
            total += found.bytes
    for segment in sorted(newest.ledger.segments, key=lambda one: one.bytes):
        if segment.key not in known and segment.bytes <= GROWTH * total and total + segment.bytes <= GROUP_BYTES:
            group[segment.key] = segment.bytes
            total += segment.bytes
    return group


def _read_group(layout: Layout, group: dict[str, int], tally: _Tally) -> dict[str, pa.Table]:
    tables: dict[str, pa.Table] = {}
    for key in group:
        try:
            tables[key] = pq.read_table(pa.BufferReader(read_whole(layout.objects, key)))
        except StoreDamaged:
            tally.damaged[key] = None
    return tables
