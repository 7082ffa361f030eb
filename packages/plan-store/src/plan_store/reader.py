"""Reading events back, as rows."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Iterator, Mapping, Set

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plan_contracts import EventRow
from plan_store.documents import MEND
from plan_store.errors import StoreDamaged
from plan_store.layout import Layout
from plan_store.segment_index import Segment, read_whole, while_they_last
from plan_store.segments import EVENTS_SCHEMA


def read_events(
    layout: Layout, *, runs: Set[str] | None = None, event_name: str | None = None, skip_damaged: bool = False
) -> Iterator[EventRow]:
    """Give the events, segment by segment: those of single runs in the order of time, then the compacted ones.

    Parameters
    ----------
    layout
        The store.
    runs
        Only those of these runs; segments that are known to hold others only are not opened.
    event_name
        Only those of this name.
    skip_damaged
        Pass over segments of which any bit has changed.

    Raises
    ------
    StoreDamaged
        When a segment cannot be read, and `skip_damaged` is not set; the message names it.
    """
    wanted = {"run_id": runs, "event_name": None if event_name is None else {event_name}}
    for table in while_they_last(layout, lambda segments: _tables(layout, segments, wanted, skip_damaged)):
        for row in table.to_pylist():
            yield EventRow(**row)


def read_segment(layout: Layout, key: str) -> pa.Table:
    """Give the rows of a segment.

    Raises
    ------
    StoreDamaged
        When it is not a Parquet file with the columns of events.
    FileNotFoundError
        When it has gone.
    """
    data = layout.objects.get(key)
    try:
        return pq.read_table(pa.BufferReader(data), schema=EVENTS_SCHEMA)
    except (pa.ArrowException, OSError) as reason:
        shown = layout.objects.shown(key)
        message = f"The event segment {shown} is damaged: {reason}"
        raise StoreDamaged(message, subject=shown, suggestion=MEND) from reason


def _tables(
    layout: Layout, segments: list[Segment], wanted: Mapping[str, Set[str] | None], skip_damaged: bool
) -> list[pa.Table]:
    """Give the wanted rows of each segment."""
    tables: list[pa.Table] = []
    for segment in segments:
        runs = wanted["run_id"]
        if runs is not None and not any(map(segment.may_hold, runs)):
            continue
        try:
            if skip_damaged:
                read_whole(layout.objects, segment.key)
            table = read_segment(layout, segment.key)
        except StoreDamaged:
            if not skip_damaged:
                raise
            continue
        for column, values in wanted.items():
            if values is not None:
                table = table.filter(pc.is_in(table[column], pa.array(sorted(values), pa.string())))
        tables.append(table)
    return tables
