"""What events cost to append and to query, beside SQLite and DuckDB with the same columns.

Acknowledged means synced, for all three: SQLite in WAL mode with one transaction per batch, DuckDB with one transaction
per batch. Each figure of appending is the best of several. A build of 10,000 tasks flushes what it knows of its plan at
once, then whenever 8,192 events are there or a second is over, then its manifest and its end.
The queries ask for one run among many, and for all of them.

Run with `nox -s bench -- bench_store`. PLAN_BENCH_RUNS sets the number of runs (1000), PLAN_BENCH_EVENTS that of the
events of each (200); with 10000 the queries are asked of ten million events, for which SQLite takes 2 GB and the others
less than one: PLAN_BENCH_STORES (plan-store,SQLite,DuckDB) names those that are queried.
"""

import hashlib
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
from msgspec.structs import replace

from plan_contracts import EventRow, TaskStarted, event_row
from plan_store import PlanStore, SystemClock
from plan_store.layout import manifest_key, segment_key
from plan_store.local_objects import LocalObjects
from plan_store.segments import EventColumns

RUNS = int(os.environ.get("PLAN_BENCH_RUNS", "1000"))
EVENTS_PER_RUN = int(os.environ.get("PLAN_BENCH_EVENTS", "200"))
QUERIED = os.environ.get("PLAN_BENCH_STORES", "plan-store,SQLite,DuckDB").split(",")
WRITERS = 8
TRIES = 3
BATCHES: dict[str, list[int]] = {
    "batches of 1": [1] * 300,
    "batches of 100": [100] * 200,
    "batches of 2,000": [2_000] * 50,
    "batches of 10,000": [10_000] * 20,
    "a build of 10,000 tasks": [1, 1, 8192, 8192, 8192, 8192, 7232, 1, 1],
}
COLUMNS = [field.name for field in fields(EventColumns)]
TABLE = (
    "create table if not exists events (event_time_unix_ms bigint, profile_name text, run_id text, event_name text, "
    "plan_signature text, reduced_plan_signature text, event_payload_msgpack blob, event_payload_hash text)"
)
INSERT = f"insert into events values ({', '.join('?' * len(COLUMNS))})"
ONE_RUN = "select event_name, count(*) from events where run_id = '{}' group by 1"


def rows(count: int, run_id: str) -> list[EventRow]:
    """Make the events of a run."""
    return [
        event_row(
            TaskStarted(task=f"task_{index:06}", attempt=1, executor="threadpool"), time_unix_ms=index, run_id=run_id
        )
        for index in range(count)
    ]


def of_run(events: list[EventRow], run_id: str) -> list[EventRow]:
    """Give the same events as those of another run."""
    return [replace(row, run_id=run_id) for row in events]


def values(row: EventRow) -> tuple[object, ...]:
    """Give the cells of a row."""
    return tuple(getattr(row, name) for name in COLUMNS)


class OurStore:
    """Segments, placed as a run's writer places them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "store"
        self.objects = LocalObjects(self.folder)
        self.number = 0

    def append(self, batch: list[EventRow]) -> None:
        """Place one segment."""
        columns = EventColumns()
        for row in batch:
            columns.append(row)
        data = columns.to_parquet()
        self.number += 1
        digest = hashlib.sha256(data).hexdigest()
        self.objects.put_if_absent(segment_key(self.number, batch[0].run_id, self.number, digest), data)

    def compact(self, runs: list[str]) -> None:
        """Compact the runs, which all have ended."""
        for run_id in runs:
            self.objects.put(manifest_key(run_id), b"")
        with PlanStore.open(self.folder, clock=SystemClock()) as store:
            store.compact()

    def query(self, sql: str) -> list[Any]:
        """Ask a store that was just opened."""
        with PlanStore.open(self.folder, clock=SystemClock(), read_only=True) as store:
            return store.sql(sql).to_pylist()


class Sqlite:
    """SQLite in WAL mode, synced at each commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "events.sqlite"
        self.connection = sqlite3.connect(self.folder, isolation_level=None, timeout=60)
        self.connection.execute("pragma journal_mode=wal")
        self.connection.execute("pragma synchronous=full")
        self.connection.execute(TABLE)

    def append(self, batch: list[EventRow]) -> None:
        """Commit one transaction."""
        self.connection.execute("begin immediate")
        self.connection.executemany(INSERT, [values(row) for row in batch])
        self.connection.execute("commit")

    def query(self, sql: str) -> list[Any]:
        """Ask through a connection of its own."""
        connection = sqlite3.connect(self.folder)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


class Duck:
    """DuckDB, in batches through Arrow, which is its fastest door."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "events.duckdb"
        self.connection = duckdb.connect(str(self.folder))
        self.connection.execute(TABLE)

    def append(self, batch: list[EventRow]) -> None:
        """Commit one transaction."""
        import pyarrow as pa

        table = pa.table({name: [getattr(row, name) for row in batch] for name in COLUMNS})
        self.connection.register("batch", table)
        self.connection.execute("insert into events select * from batch")
        self.connection.unregister("batch")

    def query(self, sql: str) -> list[Any]:
        """Ask through a cursor."""
        return self.connection.cursor().execute(sql).fetchall()


STORES: dict[str, Callable[[Path], OurStore | Sqlite | Duck]] = {
    "plan-store": OurStore,
    "SQLite": Sqlite,
    "DuckDB": Duck,
}


def appended(make: Callable[[Path], OurStore | Sqlite | Duck], batches: list[int]) -> float:
    """Give events per second, the best of several tries."""
    events = rows(sum(batches), "20260102T030405.000Z-00000001")
    return max(_appended(make, batches, events) for _ in range(TRIES))


def _appended(make: Callable[[Path], OurStore | Sqlite | Duck], batches: list[int], events: list[EventRow]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        store = make(Path(folder))
        ends = list(accumulate(batches))
        began = time.perf_counter()
        for end, size in zip(ends, batches, strict=True):
            store.append(events[end - size : end])
        return len(events) / (time.perf_counter() - began)


def appended_by_many(name: str) -> float:
    """Give events per second of several processes that append batches of 100 at once to one place."""
    with tempfile.TemporaryDirectory() as folder:
        STORES[name](Path(folder))
        with ProcessPoolExecutor(WRITERS, mp_context=get_context("spawn")) as pool:
            list(pool.map(int, range(WRITERS)))  # every process has been started and has imported this module
            began = time.perf_counter()
            done = sum(pool.map(append_beside_others, [(name, folder, number) for number in range(WRITERS)]))
            return done / (time.perf_counter() - began)


def append_beside_others(job: tuple[str, str, int]) -> int:
    """Append twenty batches; give the number of events."""
    name, folder, number = job
    store = STORES[name](Path(folder))
    events = rows(2000, f"20260102T030405.000Z-{number:08x}")
    for start in range(0, len(events), 100):
        store.append(events[start : start + 100])
    return len(events)


@dataclass(frozen=True)
class Queried:
    """What queries of one run among many cost."""

    open_seconds: float
    """Opening, and finding that there is no such run; median."""
    seconds: float
    """Median of a query for one run, by a reader that was just opened."""
    scan_seconds: float
    """A query over all events."""
    bytes_per_event: float
    """Size on disk."""


def queried(make: Callable[[Path], OurStore | Sqlite | Duck], *, compacted: bool = False) -> Queried:
    """Fill a store with runs, and query it."""
    with tempfile.TemporaryDirectory() as folder:
        store = make(Path(folder))
        ids = [f"20260102T{index:06}.000Z-{index:08x}" for index in range(RUNS)]
        events = rows(EVENTS_PER_RUN, ids[0])
        for run_id in ids:
            store.append(of_run(events, run_id))
        if compacted and isinstance(store, OurStore):
            store.compact(ids)
        opened = [timed(store, ONE_RUN.format("none"), 0) for _ in range(6)][1:]
        asked = (ids[0], ids[RUNS // 2], ids[-1], ids[RUNS // 3], ids[-2])
        taken = [timed(store, ONE_RUN.format(run_id), 1) for run_id in asked]
        began = time.perf_counter()
        assert store.query("select event_name, count(*), count(distinct run_id) from events group by 1")
        scan = time.perf_counter() - began
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        return Queried(statistics.median(opened), statistics.median(taken), scan, size / (RUNS * EVENTS_PER_RUN))


def timed(store: OurStore | Sqlite | Duck, sql: str, rows_expected: int) -> float:
    """Give the seconds of a query by a reader that was just opened."""
    began = time.perf_counter()
    found = store.query(sql)
    taken = time.perf_counter() - began
    assert len(found) == rows_expected
    return taken


def main() -> None:
    """Print the tables."""
    print("append, thousand events per second, each batch synced")
    for what, batches in BATCHES.items():
        figures = {name: appended(make, batches) for name, make in STORES.items()}
        best = max(figure for name, figure in figures.items() if name != "plan-store")
        shown = "  ".join(f"{name} {figure / 1e3:9.2f}" for name, figure in figures.items())
        print(f"  {what:<24} {shown}  ours {figures['plan-store'] / best:5.2f}x the best other")
    many = {name: appended_by_many(name) for name in STORES if name != "DuckDB"}  # which lets one process in at a time
    print(f"{WRITERS} processes at once, batches of 100, thousand events per second")
    print("  " + "  ".join(f"{name} {figure / 1e3:9.2f}" for name, figure in many.items()))
    print(f"{RUNS:,} runs of {EVENTS_PER_RUN:,} events: open, query one run, query all, bytes per event")
    for name in QUERIED:
        print_queried(name, queried(STORES[name]))
    if "plan-store" in QUERIED:
        print_queried("plan-store, compacted", queried(OurStore, compacted=True))


def print_queried(name: str, found: Queried) -> None:
    """Print a line."""
    times = f"{found.open_seconds * 1e3:8.1f} ms  {found.seconds * 1e3:8.1f} ms  {found.scan_seconds * 1e3:8.1f} ms"
    print(f"  {name:<22} {times}  {found.bytes_per_event:6.0f} B")


if __name__ == "__main__":
    main()
