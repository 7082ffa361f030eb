"""SQL over every run of a store. A table is built when a query first names it."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from datafusion import SessionContext, SQLOptions
from pyarrow import fs

from plan_store.derived_tables import DERIVED_TABLES, derived_table
from plan_store.errors import QueryRefused, StoreDamaged
from plan_store.layout import Layout
from plan_store.payload_functions import register_payload_functions
from plan_store.segments import EVENTS_SCHEMA, check_digest, list_segments, run_of, structurally_damaged

TABLES = ("events", *DERIVED_TABLES)
"""Names of the tables that a query may read."""

_ONE_QUERY = SQLOptions().with_allow_ddl(False).with_allow_dml(False).with_allow_statements(False)
_UNKNOWN_TABLE = re.compile(r"table '(?:\w+\.\w+\.)?(\w+)' not found")
_PLANNING = re.compile(r"Error during planning|Schema error|SQL error")
_PREFIX = re.compile(r"^(?:[A-Za-z ]*(?:planning|error): )+")


def run_query(layout: Layout, sql: str, *, skip_damaged: bool = False) -> pa.Table:
    """Answer one SELECT.

    Parameters
    ----------
    layout
        The store.
    sql
        The statement; it may read `TABLES` and use the payload functions.
    skip_damaged
        Leave damaged segments and manifests out instead of refusing.

    Raises
    ------
    QueryRefused
        When it is not one SELECT, or does not fit the tables.
    StoreDamaged
        When a segment that the query reads is damaged.
    """
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
                raise _refused(layout, text, made) from reason
            name = unknown.group(1)
        register_table(context, layout, name, skip_damaged=skip_damaged)
        made.add(name)


def register_table(context: SessionContext, layout: Layout, name: str, *, skip_damaged: bool = False) -> None:
    """Make one of `TABLES` readable in a session.

    Raises
    ------
    StoreDamaged
        When a segment is not a whole Parquet file, and `skip_damaged` is not set.
    """
    if name != "events":
        context.register_record_batches(name, [[derived_table(layout, name, skip_damaged=skip_damaged)]])
        return
    segments = list_segments(layout.events)
    damaged = set(structurally_damaged(segments))
    if damaged and not skip_damaged:
        paths = [str(path) for path in sorted(damaged)]
        message = f"{len(damaged)} event segments are damaged: {', '.join(paths[:3])}"
        raise StoreDamaged(message, subject=paths[0], related=paths, suggestion="Move them away to go on without them.")
    context.register_dataset(name, _dataset([path for path in segments if path not in damaged]))


def _dataset(segments: Sequence[Path]) -> ds.Dataset:
    """Give the events of segments. A query for one run opens that run's segments only, since each names its run."""
    parquet, files, run_id = ds.ParquetFileFormat(), fs.LocalFileSystem(), ds.field("run_id")
    fragments: list[ds.Fragment] = []
    for segment in segments:
        run = run_of(segment)
        holds = run_id == run if run is not None else None
        fragments.append(parquet.make_fragment(str(segment), files, partition_expression=holds))
    return ds.FileSystemDataset(fragments, EVENTS_SCHEMA, parquet, files)


def _refused(layout: Layout, text: str, made: set[str]) -> QueryRefused | StoreDamaged:
    first = text.rpartition("caused by\n")[2].splitlines()[0]
    if "events" in made and _PLANNING.search(first) is None:
        damaged = _damaged_segment(layout)
        if damaged is not None:
            return damaged
    shown = _PREFIX.sub("", first).replace("datafusion.public.", "")
    return QueryRefused(f"The query is refused: {shown}", suggestion=f"Tables: {', '.join(TABLES)}.")


def _damaged_segment(layout: Layout) -> StoreDamaged | None:
    """Find a segment in whose middle bytes have changed; its ends may be whole."""
    for segment in list_segments(layout.events):
        try:
            check_digest(segment)
        except StoreDamaged as found:
            return found
    return None
