"""Segments that hold the events of several runs, sorted so that one run's are read alone."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
import secrets
from collections.abc import Iterator
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plan_contracts.store_records import CompactedSegment
from plan_store.layout import compacted_key
from plan_store.objects import Objects
from plan_store.segments import EVENTS_SCHEMA, PARQUET_OPTIONS

GROUP_ROWS = 4096
"""Smallest row group; the events of smaller runs share one."""


def put_compacted(objects: Objects, rows: pa.Table) -> CompactedSegment:
    """Store rows as one segment, by run; within a run they keep their order.

    Nobody reads it until the ledger names it.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    table = rows.select(EVENTS_SCHEMA.names).cast(EVENTS_SCHEMA)
    table = table.take(pc.sort_indices(table, sort_keys=[("run_id", "ascending")])).combine_chunks()
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, EVENTS_SCHEMA, **PARQUET_OPTIONS) as writer:
        for group in _row_groups(table):
            writer.write_table(group)
    data = sink.getvalue().to_pybytes()
    first, last = (int(pc.call_function(name, [table["event_time_unix_ms"]]).as_py()) for name in ("min", "max"))
    key = compacted_key(first, last, secrets.token_hex(8), hashlib.sha256(data).hexdigest())
    if not objects.put_if_absent(key, data):
        raise AssertionError(f"{key} was there already, although its name is random")
    runs = tuple(run_id for run_id, _ in _by_run(table))
    return CompactedSegment(key=key, rows=table.num_rows, bytes=len(data), runs=runs)


def _row_groups(table: pa.Table) -> Iterator[pa.Table]:
    """Cut between runs, where the rows so far fill a row group."""
    start = end = 0
    for _, count in _by_run(table):
        end += count
        if end - start >= GROUP_ROWS:
            yield table.slice(start, end - start)
            start = end
    if end > start:
        yield table.slice(start)


def _by_run(table: pa.Table) -> Iterator[tuple[str, int]]:
    """Give each run with the number of its rows, in order."""
    for run_id, rows in groupby(map(str, table["run_id"].to_pylist())):
        yield run_id, sum(1 for _ in rows)
