"""Reading an event segment that lies outside of a store."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import EventRow
from plan_store.errors import StoreDamaged
from plan_store.segments import EVENTS_SCHEMA


def rows_of_segment(data: bytes, file: str) -> list[EventRow] | None:
    """Give the events of a Parquet file.

    Parameters
    ----------
    data
        Its bytes.
    file
        How messages name it.

    Returns
    -------
    list of EventRow or None
        In order; none when the columns are not those of the event table, as those of an output.

    Raises
    ------
    StoreDamaged
        When it is no whole Parquet file.
    """
    try:
        opened = pq.ParquetFile(pa.BufferReader(data))
        if not opened.schema_arrow.equals(EVENTS_SCHEMA):
            return None
        table = opened.read()
    except (pa.ArrowException, OSError) as reason:
        raise StoreDamaged(f"The file {file} is no whole Parquet file: {reason}", subject=file) from reason
    return [EventRow(**row) for row in table.to_pylist()]
