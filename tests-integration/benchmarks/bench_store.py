"""What events cost to append and to query, beside SQLite and DuckDB with the same columns.

Acknowledged means synced, for all three: SQLite in WAL mode with one transaction per batch, DuckDB with one transaction
per batch. A real build flushes once a second, which at four events per task is a batch of some 2,000.
The query asks for one run among many.

Run with `nox -s bench -- bench_store`. PLAN_BENCH_RUNS sets the number of runs (1000), of 200 events each.
"""

import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import duckdb

from plan_contracts import EventRow, TaskStarted, event_row
from plan_store import PlanStore, SystemClock
from plan_store.layout import segment_key
from plan_store.local_objects import LocalObjects
from plan_store.segments import EventColumns

RUNS = int(os.environ.get("PLAN_BENCH_RUNS", "1000"))
EVENTS_PER_RUN = 200
COLUMNS = [field.name for field in fields(EventColumns)]
TABLE = (
    "create table events (event_time_unix_ms bigint, profile_name text, run_id text, event_name text, "
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
        key = segment_key(self.number, batch[0].run_id, self.number, f"{self.number:064x}")
        self.objects.put_if_absent(key, data)

    def query(self, sql: str) -> object:
        """Ask a store that was just opened."""
        with PlanStore.open(self.folder, clock=SystemClock(), read_only=True) as store:
            return store.sql(sql).to_pylist()


class Sqlite:
    """SQLite in WAL mode, synced at each commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "events.sqlite"
        self.connection = sqlite3.connect(self.folder, isolation_level=None)
        self.connection.execute("pragma journal_mode=wal")
        self.connection.execute("pragma synchronous=full")
        self.connection.execute(TABLE)

    def append(self, batch: list[EventRow]) -> None:
        """Commit one transaction."""
        self.connection.execute("begin")
        self.connection.executemany(INSERT, [values(row) for row in batch])
        self.connection.execute("commit")

    def query(self, sql: str) -> object:
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

    def query(self, sql: str) -> object:
        """Ask through a cursor."""
        return self.connection.cursor().execute(sql).fetchall()


STORES: dict[str, Callable[[Path], OurStore | Sqlite | Duck]] = {
    "plan-store": OurStore,
    "SQLite": Sqlite,
    "DuckDB": Duck,
}


def appended(make: Callable[[Path], OurStore | Sqlite | Duck], batch: int, total: int) -> float:
    """Give events per second."""
    with tempfile.TemporaryDirectory() as folder:
        store = make(Path(folder))
        events = rows(total, "20260102T030405.000Z-00000001")
        began = time.perf_counter()
        for start in range(0, total, batch):
            store.append(events[start : start + batch])
        return total / (time.perf_counter() - began)


def queried(make: Callable[[Path], OurStore | Sqlite | Duck]) -> float:
    """Give the median seconds of a query for one run."""
    with tempfile.TemporaryDirectory() as folder:
        store = make(Path(folder))
        ids = [f"20260102T{index:06}.000Z-{index:08x}" for index in range(RUNS)]
        for run_id in ids:
            store.append(rows(EVENTS_PER_RUN, run_id))
        taken: list[float] = []
        for run_id in (ids[0], ids[RUNS // 2], ids[-1], ids[RUNS // 3], ids[-2]):
            began = time.perf_counter()
            assert store.query(ONE_RUN.format(run_id))
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)


def main() -> None:
    """Print the tables."""
    print("append, thousand events per second, each batch synced")
    for batch, total in ((1, 300), (100, 20_000), (2_000, 100_000), (10_000, 200_000)):
        figures = {name: appended(make, batch, total) for name, make in STORES.items()}
        best = max(figure for name, figure in figures.items() if name != "plan-store")
        shown = "  ".join(f"{name} {figure / 1e3:9.2f}" for name, figure in figures.items())
        print(f"  batches of {batch:>6,}  {shown}  ours {figures['plan-store'] / best:5.2f}x the best other")
    print(f"query one run of {RUNS:,}, {EVENTS_PER_RUN} events each, milliseconds")
    print("  " + "  ".join(f"{name} {queried(make) * 1e3:8.1f}" for name, make in STORES.items()))


if __name__ == "__main__":
    main()
