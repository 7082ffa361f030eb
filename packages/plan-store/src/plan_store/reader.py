"""Reading events back, as rows."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import EventRow
from plan_store.errors import StoreDamaged
from plan_store.layout import Layout
from plan_store.segments import EVENTS_SCHEMA, list_segments, run_of


def read_events(layout: Layout, *, run_id: str | None = None, skip_damaged: bool = False) -> Iterator[EventRow]:
    """Give the events, segment by segment in the order of time.

    Parameters
    ----------
    layout
        The store.
    run_id
        Only this run's; its id stands in the names of its segments, so others are not opened.
    skip_damaged
        Pass over segments that cannot be read.

    Raises
    ------
    StoreDamaged
        When a segment cannot be read, and `skip_damaged` is not set; the message names it.
    """
    for segment in list_segments(layout.events):
        if run_id is not None and run_of(segment) not in (run_id, None):
            continue
        try:
            table = pq.read_table(segment, schema=EVENTS_SCHEMA)
        except (pa.ArrowException, OSError) as reason:
            if skip_damaged:
                continue
            raise StoreDamaged(f"The event segment {segment} is damaged: {reason}", subject=str(segment)) from reason
        for row in table.to_pylist():
            if run_id in (None, row["run_id"]):
                yield EventRow(**row)
