"""SQL over the store: which statements are answered, and what the tables hold."""

from pathlib import Path

import pytest
from datafusion import SessionContext
from msgspec.structs import replace
from recording import BEGINNING, KEY, SIGNATURES, draft, finished, open_store, record, run_id, schedule

from plan_contracts import (
    CheckRecord,
    CheckResult,
    ErrorPayload,
    OutputRecord,
    OutputStatus,
    Placement,
    ResultSpilled,
    SchedulingDecision,
    TaskFinished,
    TaskScheduling,
    TaskStatus,
)
from plan_contracts.testing import definition_of
from plan_store import QueryRefused

TABLES = ("events", "runs", "tasks", "checks", "outputs", "schedules", "validations", "decisions")


@pytest.mark.parametrize("table", TABLES)
def test_sql_empty_store_answers_every_table_with_its_columns(table: str, tmp_path: Path) -> None:
    answer = open_store(tmp_path / "nowhere", read_only=True).sql(f"select * from {table}")

    assert answer.num_rows == 0
    assert "run_id" in answer.column_names
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("insert into events select * from events", "DML not supported"),
        ("create table x as select 1", "DDL not supported"),
        ("drop table events", "DDL not supported"),
        ("copy (select 1) to 'x.parquet'", "DML not supported"),
        ("create external table x stored as csv location '/etc/passwd'", "DDL not supported"),
        ("set datafusion.execution.batch_size = 1", "Statement not supported"),
        ("select 1; select 2", "single SQL statement"),
        ("select * from nothing", "table 'nothing' not found"),
        ("select nothing from events", "No field named nothing"),
        ("selec 1", "selec at Line: 1, Column: 1"),
        ("select * from '/etc/passwd'", "not found"),
        ("", "No SQL statements"),
        ("select cast('x' as int) from events union all select cast(arrow_cast('x', 'Utf8') as int)", "Cannot cast"),
    ],
)
def test_sql_anything_but_one_select_that_fits_is_refused(statement: str, says: str, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(QueryRefused, match=says) as caught:
        store.sql(statement)

    assert caught.value.exit_code == 2
    assert "Tables: events, runs" in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_sql_runs_holds_each_run_with_its_artifacts(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    older, newer = record(store, 1), record(store, 2)

    rows = store.sql("select * from runs order by started_at").to_pylist()

    assert [row["run_id"] for row in rows] == [older.run_id, newer.run_id]
    assert rows[0]["status"] == "succeeded"
    assert rows[0]["seconds"] == 1.5
    assert rows[0]["started_at"].timestamp() * 1000 == BEGINNING + 1
    assert rows[0]["run_manifest_id"] == older.artifact_ids.run_manifest
    assert rows[0]["plan_signature"] == SIGNATURES.plan_signature
    assert rows[0]["executor"] is None


def test_sql_tasks_and_decisions_hold_what_the_events_say(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    decision = SchedulingDecision(
        task="a",
        rank=3,
        bottom_level_cost=2.5,
        slack=0.5,
        executor=Placement.THREADPOOL,
        ready_at_unix_ms=BEGINNING,
        started_at_unix_ms=BEGINNING + 10,
        waited_for="z",
        ready_beside=4,
        in_memory=("y", "z"),
    )
    failed = TaskFinished(
        task="a",
        status=TaskStatus.FAILED,
        attempts=2,
        definition=definition_of("a"),
        predicted_seconds=0.5,
        error=ErrorPayload(code="query_failed", stage="engine", message="it cannot divide"),
    )
    skipped = TaskFinished(
        task="b",
        status=TaskStatus.SKIPPED,
        attempts=0,
        definition=definition_of("b"),
        predicted_seconds=0.5,
        cause="a",
    )
    with store.begin_run(draft()) as writer:
        unit = TaskScheduling(decision=replace(decision, unit="0001", ready_beside=3))
        spilled = ResultSpilled(task="y", view="y", bytes=100, next_reader="c", next_rank=9)
        for event in (TaskScheduling(decision=decision), unit, spilled, failed, skipped):
            writer.emit(event)

    tasks = store.sql(
        "select task, status, attempts, error, cause, actual_seconds from tasks order by task"
    ).to_pylist()
    assert [tuple(row.values()) for row in tasks] == [
        ("a", "failed", 2, "it cannot divide", None, None),
        ("b", "skipped", 0, None, "a", None),
    ]
    units = "select unit, ready_beside from decisions order by unit nulls first"
    assert [tuple(row.values()) for row in store.sql(units).to_pylist()] == [(None, 4), ("0001", 3)]
    waited = """
        select task, rank, slack, waited_for, ready_beside, started_at - ready_at as waited, in_memory
        from decisions where unit is null
    """
    (row,) = store.sql(waited).to_pylist()
    assert (row["task"], row["rank"], row["slack"], row["waited_for"], row["ready_beside"]) == ("a", 3, 0.5, "z", 4)
    assert (row["waited"].total_seconds(), row["in_memory"]) == (0.01, "y, z")
    spills = store.sql("select task, name, bytes, next_reader, next_rank from spills").to_pylist()
    assert [tuple(spill.values()) for spill in spills] == [("y", "y", 100, "c", 9)]


def test_sql_checks_hold_each_verdict_with_what_offends(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    good = CheckResult(name="not_null(id)", offending_rows=0)
    bad = CheckResult(name="unique(id)", offending_rows=2, examples=("id = 7",))
    error = ErrorPayload(code="check_failed", stage="engine", message="2 rows", subject="orders")
    passed = CheckRecord(subject="orders", build_key=KEY)
    with store.begin_run(draft()) as writer:
        writer.emit(replace(finished("check_orders"), checks=(good,), passed=passed))
        writer.emit(replace(finished("check_orders", status=TaskStatus.FAILED), checks=(good, bad), error=error))

    rows = store.sql("select subject, name, verdict, offending_rows, examples from checks").to_pylist()

    assert [tuple(row.values()) for row in rows] == [
        ("orders", "not_null(id)", "passed", 0, []),
        ("orders", "not_null(id)", "passed", 0, []),
        ("orders", "unique(id)", "failed", 2, ["id = 7"]),
    ]


def test_sql_outputs_and_schedules_join_with_runs(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    output = OutputRecord(
        name="a",
        uri="a.parquet",
        rows=7,
        bytes=70,
        sha256="d" * 64,
        build_key="e" * 64,
        status=OutputStatus.BUILT,
    )
    manifest = draft(1, outputs=[output])
    with store.begin_run(manifest) as writer:
        identity = writer.put_schedule(schedule("a", "b"))
        writer.put_manifest(manifest)

    joined = """
        select r.run_id, o.name, o.rows, s.artifact_id, s.task_count, s.critical_path
        from runs r join outputs o on o.run_id = r.run_id join schedules s on s.run_id = r.run_id
    """
    (row,) = store.sql(joined).to_pylist()
    assert tuple(row.values()) == (run_id(1), "a", 7, identity, 2, "a")


def test_sql_payload_functions_look_into_events(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store, 1, ["first", "second"])

    def ask(path: str, event: str = "plan_schedule_v1") -> object:
        query = f"select payload_get(event_payload_msgpack, '{path}') as x from events where event_name = '{event}'"
        return store.sql(query).column("x").to_pylist()[0]

    assert ask("artifact.ordered_tasks.1") == "second"
    assert ask("artifact.task_costs") == '{"first":1.0,"second":1.0}'
    assert ask("artifact.task_count") == "2"
    assert ask("artifact.ordered_tasks.9") is None
    assert ask("artifact.nothing.at.all") is None
    assert ask("status", "task_finished_v1") == "succeeded"
    text = "select payload_json(event_payload_msgpack) as x from events where event_name = 'run_started_v1'"
    assert '"project":"shop"' in str(store.sql(text).column("x").to_pylist()[0])
    assert store.sql("select payload_json(null) as a, payload_get(null, 'x') as b").to_pylist() == [
        {"a": None, "b": None}
    ]


def test_register_makes_the_tables_usable_in_a_session_of_the_callers(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    record(store)
    context = SessionContext()

    store.register(context, ["events", "tasks"])

    rows = context.sql("select count(*) as n from tasks").to_pylist()
    assert rows == [{"n": 2}]
    names = context.sql("select distinct event_name from events order by 1").to_pylist()
    assert {"event_name": "task_finished_v1"} in names
    with pytest.raises(Exception, match="runs"):
        context.sql("select * from runs")


def test_sql_finds_events_by_name_among_many(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.begin_run(draft()) as writer:
        for index in range(3000):
            writer.emit(finished(f"t{index}"))

    (row,) = store.sql("select count(*) as n, count(distinct event_payload_hash) as d from events").to_pylist()
    assert row == {"n": 3000, "d": 3000}
