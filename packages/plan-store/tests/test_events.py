"""Events: what is written is what any reader of Parquet reads, and nothing is lost that was flushed."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
import signal
import threading
import time
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording import SIGNATURES, draft, finished, open_store, record, run_id, segments, start

from plan_contracts import EventRow, RunStarted, TaskFinished, decode_event
from plan_store import EVENTS_SCHEMA, StoreDamaged
from plan_store.segments import EventColumns

COLUMNS = [
    ("event_time_unix_ms", pa.int64(), False),
    ("profile_name", pa.string(), True),
    ("run_id", pa.string(), False),
    ("event_name", pa.string(), False),
    ("plan_signature", pa.string(), False),
    ("reduced_plan_signature", pa.string(), False),
    ("event_payload_msgpack", pa.binary(), False),
    ("event_payload_hash", pa.string(), False),
]


def test_segments_have_exactly_the_published_columns(tmp_path: Path) -> None:
    record(open_store(tmp_path))

    found = segments(tmp_path)
    assert found
    for segment in found:
        schema = pq.read_schema(segment)
        assert [(field.name, field.type, field.nullable) for field in schema] == COLUMNS


def test_segments_are_named_by_the_digest_of_their_bytes(tmp_path: Path) -> None:
    record(open_store(tmp_path))

    for segment in segments(tmp_path):
        assert segment.stem.endswith(hashlib.sha256(segment.read_bytes()).hexdigest())


def test_events_payload_hash_is_the_sha256_of_the_payload(tmp_path: Path) -> None:
    record(open_store(tmp_path))

    rows = ds.dataset([str(path) for path in segments(tmp_path)]).to_table().to_pylist()
    assert len(rows) == 5
    for row in rows:
        assert hashlib.sha256(row["event_payload_msgpack"]).hexdigest() == row["event_payload_hash"]


def test_events_read_back_as_they_were_emitted(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    emitted = [RunStarted(project="shop", pid=1, host="here"), finished("a"), finished("ünïcode_b")]
    with store.begin_run(draft()) as writer:
        writer.emit(emitted[0])
        writer.set_signatures(SIGNATURES)
        for event in emitted[1:]:
            writer.emit(event)

    rows = store.sql("select * from events").to_pylist()
    assert [decode_event(row["event_payload_msgpack"], event_name=row["event_name"]) for row in rows] == emitted
    assert [row["plan_signature"] for row in rows] == ["", *[SIGNATURES.plan_signature] * 2]
    assert {row["run_id"] for row in rows} == {run_id(1)}
    assert {row["profile_name"] for row in rows} == {None}


def test_events_are_placed_within_the_flush_interval_without_being_asked(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.begin_run(draft()) as writer:
        writer.emit(finished("a"))
        deadline = time.monotonic() + 20
        while not segments(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.01)

        assert open_store(tmp_path).sql("select count(*) as n from events").to_pylist() == [{"n": 1}]


def test_events_of_many_threads_are_all_there_once(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.begin_run(draft()) as writer:

        def emit(thread: int) -> None:
            for index in range(500):
                writer.emit(finished(f"t{thread}_{index}"))
                if index % 100 == 0:
                    writer.flush()

        threads = [threading.Thread(target=emit, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    tasks = store.sql("select task from tasks").column("task").to_pylist()
    assert sorted(map(str, tasks)) == sorted(f"t{thread}_{index}" for thread in range(8) for index in range(500))


APPENDER = """
import sys
from pathlib import Path
from recording import draft, finished, open_store

number = int(sys.argv[2])
with open_store(Path(sys.argv[1])).begin_run(draft(number)) as writer:
    for index in range(300):
        writer.emit(finished(f"r{number}_{index}"))
        if index % 10 == 0:
            writer.flush()
"""

KILLED = """
import sys
from pathlib import Path
from recording import draft, finished, open_store

writer = open_store(Path(sys.argv[1])).begin_run(draft(7))
index = 0
while True:
    writer.emit(finished(f"t{index}"))
    index += 1
    if index % 5 == 0:
        writer.flush()
        print(index, flush=True)
"""


@pytest.mark.timeout(60)
def test_events_of_eight_processes_are_all_there_once(tmp_path: Path) -> None:
    appenders = [start(APPENDER, tmp_path, number) for number in map(str, range(8))]
    for appender in appenders:
        appender.communicate(timeout=50)
        assert appender.returncode == 0

    tasks = open_store(tmp_path).sql("select task from tasks").column("task").to_pylist()
    assert sorted(map(str, tasks)) == sorted(f"r{number}_{index}" for number in range(8) for index in range(300))
    assert not list(tmp_path.glob("tmp/*"))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("flushes", [1, 7, 30])
def test_events_that_were_flushed_survive_a_kill(flushes: int, tmp_path: Path) -> None:
    writer = start(KILLED, tmp_path)
    assert writer.stdout is not None
    flushed = 0
    for _ in range(flushes):
        flushed = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate(timeout=20)
    flushed = max([flushed, *map(int, rest.split())])

    tasks = [str(task) for task in open_store(tmp_path).sql("select task from tasks").column("task").to_pylist()]
    assert tasks[:flushed] == [f"t{index}" for index in range(flushed)]
    assert tasks == [f"t{index}" for index in range(len(tasks))]


@pytest.mark.parametrize(
    "damage", [b"", b"PAR1", b"garbage that is no Parquet at all"], ids=["empty", "short", "garbage"]
)
def test_sql_damaged_segment_is_named_and_can_be_skipped(damage: bytes, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1)
    record(store, 2)
    spoilt = segments(tmp_path)[0]
    spoilt.chmod(0o644)
    spoilt.write_bytes(damage)

    for table in ("events", "tasks", "decisions"):
        with pytest.raises(StoreDamaged, match=spoilt.name) as caught:
            store.sql(f"select * from {table}")
        assert caught.value.exit_code == 4

    left = store.sql("select distinct run_id from events", skip_damaged=True).column("run_id").to_pylist()
    assert run_id(2) in left
    assert store.sql("select task from tasks where run_id = '" + run_id(2) + "'", skip_damaged=True).num_rows == 2


def test_sql_truncated_segment_is_named(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store)
    spoilt = segments(tmp_path)[-1]
    spoilt.chmod(0o644)
    spoilt.write_bytes(spoilt.read_bytes()[:-20])

    with pytest.raises(StoreDamaged, match=spoilt.name):
        store.sql("select count(*) from events")


def test_sql_segment_with_zeroed_middle_is_named(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1, [f"t{index}" for index in range(200)])
    spoilt = max(segments(tmp_path), key=lambda path: path.stat().st_size)
    data = bytearray(spoilt.read_bytes())
    data[4 : len(data) // 3] = bytes(len(data) // 3 - 4)
    spoilt.chmod(0o644)
    spoilt.write_bytes(data)

    for table in ("events", "tasks"):
        with pytest.raises(StoreDamaged, match=spoilt.name):
            store.sql(f"select * from {table}")


@given(st.lists(st.tuples(st.integers(0, 2**53), st.none() | st.text(), st.text(), st.binary()), max_size=40))
def test_columns_of_any_values_are_what_the_independent_reader_gives(
    rows: list[tuple[int, str | None, str, bytes]],
) -> None:
    columns = EventColumns()
    expected = [
        EventRow(
            event_time_unix_ms=time_ms,
            profile_name=profile,
            run_id=text,
            event_name=text[::-1],
            plan_signature=text,
            reduced_plan_signature="",
            event_payload_msgpack=payload,
            event_payload_hash=text,
        )
        for time_ms, profile, text, payload in rows
    ]
    for row in expected:
        columns.append(row)

    table = pq.read_table(pa.BufferReader(columns.to_parquet()))

    table.validate(full=True)
    assert table.schema.equals(EVENTS_SCHEMA)
    assert [EventRow(**row) for row in table.to_pylist()] == expected


def test_writing_and_reading_outputs_needs_no_pandas(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from recording import committer, draft, open_store, record

record(open_store(Path(sys.argv[1])))
committer(Path(sys.argv[1])).current()
print("pandas" in sys.modules, "datafusion" in sys.modules)
"""
    answer = start(program, tmp_path).communicate(timeout=60)[0]
    assert answer.split() == ["False", "False"]


def test_events_schema_is_importable_before_arrow_is_needed() -> None:
    assert EVENTS_SCHEMA.names == [name for name, _, _ in COLUMNS]


def test_sql_of_one_run_does_not_read_the_segments_of_others(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number in range(1, 9):
        record(store, number)
    others = [path for path in segments(tmp_path) if run_id(5) not in path.name]
    for path in others:  # whole at both ends and nonsense between: reading it would fail
        path.chmod(0o644)
        path.write_bytes(b"PAR1" + b"\0" * 100 + (50).to_bytes(4, "little") + b"PAR1")

    rows = store.sql(f"select event_name, count(*) as n from events where run_id = '{run_id(5)}' group by 1")

    assert {row["event_name"]: row["n"] for row in rows.to_pylist()}["task_finished_v1"] == 2
    with pytest.raises(StoreDamaged):
        store.sql("select count(event_payload_hash) from events")


def test_sql_segment_under_a_foreign_name_is_read_too(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1)
    record(store, 2)
    for index, path in enumerate(segments(tmp_path)):
        path.rename(path.with_name(f"compacted-{index}.parquet"))

    rows = store.sql("select run_id, count(*) as n from events group by 1 order by 1").to_pylist()

    assert rows == [{"run_id": run_id(1), "n": 5}, {"run_id": run_id(2), "n": 5}]
    assert store.sql(f"select * from events where run_id = '{run_id(2)}'").num_rows == 5


def test_tasks_undecodable_event_is_damage_and_can_be_skipped(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1, ["a"])
    segment = segments(tmp_path)[-1]
    rows = pq.read_table(segment).to_pylist()
    for row in rows:
        if row["event_name"] == TaskFinished.event_name():
            row["event_payload_msgpack"] = msgspec.msgpack.encode({"nothing": "known"})
    other = segment.with_name(segment.name.replace(".parquet", "x.parquet"))
    segment.unlink()
    pq.write_table(pa.Table.from_pylist(rows, schema=EVENTS_SCHEMA), other)

    with pytest.raises(StoreDamaged, match=run_id(1)):
        store.sql("select * from tasks")
    assert store.sql("select * from tasks", skip_damaged=True).num_rows == 0
