"""SQL over every run of a store. A table is built when a query first names it."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import re

import pyarrow as pa
from datafusion import SessionContext, SQLOptions

from plan_store.arrow_files import is_whole_at_the_ends
from plan_store.derived_tables import DERIVED_TABLES, TableSource, derived_table
from plan_store.documents import MEND
from plan_store.errors import QueryRefused, StoreDamaged
from plan_store.event_dataset import event_dataset
from plan_store.layout import Layout
from plan_store.payload_functions import register_payload_functions
from plan_store.segment_index import Segment, damaged_segments, while_they_last

TABLES = ("events", *DERIVED_TABLES)
"""Names of the tables that a query may read."""

_STORED = "stored_events"
"""The stored columns alone; `events` has the time as a timestamp beside them."""

_ONE_QUERY = SQLOptions().with_allow_ddl(False).with_allow_dml(False).with_allow_statements(False)
_UNKNOWN_TABLE = re.compile(r"table '(?:\w+\.\w+\.)?(\w+)' not found")
_PLANNING = re.compile(r"Error during planning|Schema error|SQL error")
_PREFIX = re.compile(r"^(?:[A-Za-z ]*(?:planning|error): )+")


def run_query(layout: Layout, sql: str, *, runs: frozenset[str] | None = None, skip_damaged: bool = False) -> pa.Table:
    """Answer one SELECT.

    Parameters
    ----------
    layout
        The store.
    sql
        The statement; it may read `TABLES` and use the payload functions.
    runs
        The only runs that the statement asks about, where that is known; the events of others are then not read.
    skip_damaged
        Leave damaged segments and manifests out instead of refusing.

    Raises
    ------
    QueryRefused
        When it is not one SELECT, or does not fit the tables.
    StoreDamaged
        When a segment that the query reads is damaged.
    """
    source = TableSource(layout=layout, runs=runs, skip_damaged=skip_damaged)
    return while_they_last(layout, lambda segments: _answer(source, sql, segments))


def _answer(source: TableSource, sql: str, segments: list[Segment]) -> pa.Table:
    layout = source.layout
    context = SessionContext()
    register_payload_functions(context)
    made: set[str] = set()
    while True:
        try:
            return context.sql_with_options(sql, _ONE_QUERY).to_arrow_table()
        except Exception as reason:
            text = str(reason)
            unknown = _UNKNOWN_TABLE.search(text)
            if unknown is None or unknown.group(1) not in TABLES or unknown.group(1) in made:
                raise _refused(layout, text, segments if "events" in made else []) from reason
            name = unknown.group(1)
        if name == "events":
            # What a query does not read need not be whole; a damage that it meets is told when it has failed.
            _register_events(context, layout, _whole(layout, segments) if source.skip_damaged else segments)
        else:
            context.register_record_batches(name, [[derived_table(source, name)]])
        made.add(name)


def register_table(context: SessionContext, layout: Layout, name: str, *, skip_damaged: bool = False) -> None:
    """Make one of `TABLES` readable in a session.

    Raises
    ------
    StoreDamaged
        When a segment is not a whole Parquet file, and `skip_damaged` is not set.
    """
    if name != "events":
        source = TableSource(layout=layout, skip_damaged=skip_damaged)
        context.register_record_batches(name, [[derived_table(source, name)]])
        return

    def register(segments: list[Segment]) -> None:
        whole = _whole(layout, segments)
        if len(whole) < len(segments) and not skip_damaged:
            raise _damaged(layout, [each for each in segments if each not in whole])
        _register_events(context, layout, whole)

    while_they_last(layout, register)


def _register_events(context: SessionContext, layout: Layout, segments: list[Segment]) -> None:
    context.register_dataset(_STORED, event_dataset(layout.objects, segments))
    timed = f"select *, to_timestamp_millis(event_time_unix_ms) as event_time from {_STORED}"
    context.register_view("events", context.sql(timed))


def _whole(layout: Layout, segments: list[Segment]) -> list[Segment]:
    return [segment for segment in segments if is_whole_at_the_ends(layout.objects, segment.key)]


def _damaged(layout: Layout, segments: list[Segment]) -> StoreDamaged:
    shown = [layout.objects.shown(segment.key) for segment in segments]
    message = f"{len(shown)} event segments are damaged: {', '.join(shown[:3])}"
    return StoreDamaged(message, subject=shown[0], related=shown, suggestion=MEND)


def _refused(layout: Layout, text: str, segments: list[Segment]) -> Exception:
    first = text.rpartition("caused by\n")[2].splitlines()[0]
    if segments and _PLANNING.search(first) is None:
        if not all(layout.objects.exists(segment.key) for segment in segments):
            return FileNotFoundError(first)
        whole = _whole(layout, segments)
        if len(whole) < len(segments):
            return _damaged(layout, [each for each in segments if each not in whole])
        damaged = next(damaged_segments(layout.objects, segments), None)
        if damaged is not None:
            return damaged
    shown = _PREFIX.sub("", first).replace("datafusion.public.", "")
    return QueryRefused(f"The query is refused: {shown}", suggestion=f"Tables: {', '.join(TABLES)}.")
