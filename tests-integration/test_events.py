"""What a build leaves in its store, read by the command line and by an independent reader."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli
from plan_contracts import PlanScheduleEnvelope, decode_msgpack

SHOP = Path(__file__).parent.parent / "docs" / "examples" / "shop"

EVENTS_V2 = pa.schema(
    [
        pa.field("event_time_unix_ms", pa.int64(), nullable=False),
        pa.field("profile_name", pa.string()),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("event_name", pa.string(), nullable=False),
        pa.field("plan_signature", pa.string(), nullable=False),
        pa.field("reduced_plan_signature", pa.string(), nullable=False),
        pa.field("event_payload_msgpack", pa.binary(), nullable=False),
        pa.field("event_payload_hash", pa.string(), nullable=False),
    ]
)


@pytest.fixture(scope="module")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tutorial's example twice."""
    project = tmp_path_factory.mktemp("events") / "shop"
    shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns(".plan", "out"))
    for options in ([], ["--full"]):
        answer = plan_cli("build", project, *options)
        assert answer.code == 0, answer.text
    return project


def _segments(project: Path) -> list[Path]:
    return sorted((project / ".plan" / "events").rglob("*.parquet"))


def test_segments_have_exactly_the_columns_of_events_v2(built_shop: Path) -> None:
    segments = _segments(built_shop)

    assert segments
    for segment in segments:
        assert pq.read_schema(segment).equals(EVENTS_V2)


def test_payload_hashes_are_the_sha256_of_the_payload_bytes(built_shop: Path) -> None:
    table = pads.dataset(_segments(built_shop), schema=EVENTS_V2).to_table()

    hashes = [hashlib.sha256(payload).hexdigest() for payload in table["event_payload_msgpack"].to_pylist()]

    assert table.num_rows > 0
    assert table["event_payload_hash"].to_pylist() == hashes


def test_schedule_event_holds_the_whole_schedule(built_shop: Path) -> None:
    table = pads.dataset(_segments(built_shop), schema=EVENTS_V2).to_table()
    payloads = [row["event_payload_msgpack"] for row in table.to_pylist() if row["event_name"] == "plan_schedule_v1"]

    assert len(payloads) == 2
    for payload in payloads:
        envelope = decode_msgpack(payload, PlanScheduleEnvelope)
        assert envelope.artifact.task_count == 3


def test_events_command_counts_events_by_name(built_shop: Path) -> None:
    sql = "select event_name, count(*) as n from events group by 1 order by 1"

    answer = plan_cli("events", built_shop, "--sql", sql, "--json")

    counts = {row["event_name"]: row["n"] for row in map(json.loads, answer.out.splitlines())}
    assert answer.code == 0, answer.text
    assert counts["run_manifest_v2"] == counts["plan_schedule_v1"] == counts["plan_validation_v1"] == 2
    assert counts["task_finished_v1"] == 6


def test_events_command_prints_a_table(built_shop: Path) -> None:
    answer = plan_cli("events", built_shop, "--sql", "select event_name, count(*) from events group by 1")

    assert answer.code == 0, answer.text
    assert "plan_schedule_v1" in answer.out


@pytest.mark.parametrize("sql", ["select nothing from events", "drop table events", "selec 1"])
def test_events_command_refuses_a_wrong_query(sql: str, built_shop: Path) -> None:
    answer = plan_cli("events", built_shop, "--sql", sql)

    assert answer.code == 2, answer.text
    assert "Traceback" not in answer.text


def test_runs_command_lists_both_runs(built_shop: Path) -> None:
    answer = plan_cli("runs", built_shop, "--json")

    runs = json.loads(answer.out)["runs"]
    assert answer.code == 0, answer.text
    assert [run["status"] for run in runs] == ["succeeded", "succeeded"]
    assert runs[0]["started_at_unix_ms"] >= runs[1]["started_at_unix_ms"]


def test_runs_command_shows_the_latest_run(built_shop: Path) -> None:
    answer = plan_cli("runs", built_shop, "--run", "latest")

    assert answer.code == 0, answer.text
    assert "monthly_revenue.parquet" in answer.out


def test_runs_command_before_the_first_build_says_so(tmp_path: Path) -> None:
    project = tmp_path / "shop"
    shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns(".plan", "out"))

    answer = plan_cli("runs", project)

    assert answer.code == 0, answer.text
    assert "no runs yet" in answer.out
    assert not (project / ".plan").exists()


ENDED_BY_INTERPRETER = """
import atexit, runpy, sys

atexit.register(print, "the interpreter came to its end")
runpy.run_module("plan_cli", run_name="__main__")
"""


@pytest.mark.parametrize("statement", ["select count(*) as n from events", "select task from events limit 1", "select"])
def test_query_may_leave_threads_that_read_since_the_interpreter_does_not_end_beside_them(
    statement: str, built_shop: Path
) -> None:
    command = [sys.executable, "-c", ENDED_BY_INTERPRETER, "events", str(built_shop), "--sql", statement]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == plan_cli("events", built_shop, "--sql", statement).code
    assert "the interpreter came to its end" not in done.stdout
