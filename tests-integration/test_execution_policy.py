"""Where tasks go, what they may use and who watches them, from plan.toml and the command line to the rows."""

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli

ROWS = 400_000
ENDLESS = "select count(*) as n from numbers as a, numbers as b where (a.n * b.n) % 7 = 3\n"
ON_THREADS = ("--executor", "threadpool", "--max-tasks", "2")
ON_PROCESSES = ("--executor", "multiprocessing", "--max-tasks", "2")
ON_BOTH = ("--mode", "plan_parallel_remote", "--executor", "threadpool", "--remote-executor", "multiprocessing")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project of four views over one dataset."""
    folder = tmp_path / "numbers"
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    texts = [f"a text of some length {row}" for row in range(ROWS)]
    pq.write_table(pa.table({"n": pa.array(range(ROWS), pa.int64()), "s": texts}), folder / "data" / "numbers.parquet")
    (folder / "plan.toml").write_text(
        '[project]\nname = "numbers"\n\n[datasets.numbers]\npath = "data/numbers.parquet"\n'
        '\n[views.tens]\nmaterialize = "table"\ntags = ["near"]\n'
    )
    _view(folder, "tens", "select n / 10 as ten, count(*) as rows from numbers group by 1\n")
    _view(folder, "widest", "select max(rows) as rows from tens\n")
    _view(folder, "total", "select sum(rows) as rows from tens\n")
    return folder


def _view(project: Path, name: str, sql: str) -> None:
    (project / "views" / f"{name}.sql").write_text(sql)


def _append(project: Path, toml: str) -> None:
    with (project / "plan.toml").open("a") as file:
        file.write(toml)


def _rows(project: Path, view: str) -> list[dict[str, object]]:
    return pq.read_table(project / "out" / f"{view}.parquet").to_pylist()


def test_build_over_two_executors_gives_the_rows_and_records_why(project: Path) -> None:
    options = ("--cost-threshold", "1e6", "--route", "view:widest=multiprocessing", "--max-tasks", "1")

    built = plan_cli("build", project, *ON_BOTH, *options)

    assert built.code == 0, built.text
    assert "1 at once on threadpool, and 4 on multiprocessing" in built.text
    assert _rows(project, "widest") == [{"rows": 10}]
    assert _rows(project, "total") == [{"rows": ROWS}]
    events = plan_cli("events", project, "--sql", "select task, executor from decisions")
    assert events.code == 0, events.text
    assert (events.out.count("threadpool"), events.out.count("multiprocessing")) == (2, 1)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ('views = { widst = "threadpool" }', "Did you mean `widest`?"),
        ('tags = { far = "threadpool" }', "a tag that the project does not have"),
        ('tags = { near = "multiprocessing" }', "this run has `threadpool`"),
    ],
)
def test_wrong_rule_is_refused_before_anything_runs(rule: str, says: str, project: Path) -> None:
    _append(project, f'\n[execution.executor]\nkind = "threadpool"\n\n[execution.routing]\n{rule}\n')

    for command in ("validate", "plan", "build"):
        answer = plan_cli(command, project)
        assert answer.code == 2, answer.text
        assert says in answer.text
        assert "Traceback" not in answer.text
    assert not list((project / "out").glob("*"))


@pytest.mark.timeout(60)
def test_timeout_ends_a_query_in_a_worker_process(project: Path) -> None:
    _view(project, "slow", ENDLESS)
    _append(project, "\n[views.slow]\ntimeout = 2.0\n")

    began = time.monotonic()
    built = plan_cli("build", project, *ON_PROCESSES)

    assert built.code == 1, built.text
    assert "warning" not in built.text
    assert "`slow` took longer than its 2 s" in built.text
    assert _rows(project, "widest") == [{"rows": 10}]
    assert time.monotonic() - began < 40


@pytest.mark.timeout(100)
def test_timeout_on_threads_is_warned_of_and_fails_the_task_alone(project: Path) -> None:
    _view(project, "slow", ENDLESS)
    _append(project, "\n[views.slow]\ntimeout = 2.0\ncost = 100.0\n")  # the dearest, and so the first to start

    warned = [plan_cli("validate", project), plan_cli("plan", project)]
    built = plan_cli("build", project, *ON_THREADS)

    assert all("warning: the timeout of `slow` cannot end a query on threads" in each.text for each in [*warned, built])
    assert built.code == 1, built.text
    assert "`slow` took longer than its 2 s" in built.text
    assert _rows(project, "total") == [{"rows": ROWS}]
    assert _rows(project, "widest") == [{"rows": 10}]


@pytest.mark.timeout(100)
def test_timeout_on_threads_that_leaves_no_thread_of_the_engine_ends_the_build(project: Path) -> None:
    _view(project, "slow", ENDLESS)
    _view(project, "busy", "select count(*) as n from numbers as a join numbers as b on a.n % 1000 = b.n % 1000\n")
    _append(project, "\n[views.slow]\ntimeout = 2.0\ncost = 100.0\n\n[views.busy]\ncost = 50.0\n")

    built = plan_cli("build", project, *ON_THREADS, env={"TOKIO_WORKER_THREADS": "1"})

    assert built.code == 1, built.text
    assert "`slow` took longer than its 2 s" in built.text
    assert "is held by `slow`" in built.text
    runs = plan_cli("runs", project)
    assert "failed" in runs.text


@pytest.mark.timeout(100)
def test_join_without_enough_memory_is_done_with_less(project: Path) -> None:
    _view(
        project, "pairs", "select a.n, a.s, b.s as t from numbers as a join numbers as b on a.n = b.n order by t desc\n"
    )

    built = plan_cli("build", project, *ON_THREADS, "--memory", "128MiB", "--costs", "statistics")

    assert built.code == 0, built.text
    assert pq.read_metadata(project / "out" / "pairs.parquet").num_rows == ROWS


TRACKER = """
import json
from hamilton.lifecycle import NodeExecutionHook

class Tracker(NodeExecutionHook):
    def run_before_node_execution(self, *, node_name, node_tags, **rest):
        self._write("before", node_name, node_tags)

    def run_after_node_execution(self, *, node_name, node_tags, success, **rest):
        self._write(f"after {success}", node_name, node_tags)

    def _write(self, what, name, tags):
        with open("seen.jsonl", "a") as file:
            file.write(json.dumps([what, name, tags["task_kind"]]) + "\\n")
"""


def test_adapter_of_the_project_sees_each_task(project: Path) -> None:
    (project / "trackers.py").write_text(TRACKER)
    _append(project, '\n[execution]\nadapters = ["trackers:Tracker"]\n')

    built = plan_cli("build", project, *ON_PROCESSES, cwd=project)

    assert built.code == 0, built.text
    seen = (project / "seen.jsonl").read_text().splitlines()
    assert sorted(seen) == sorted(
        f'["{what}", "{name}", "view"]' for what in ("before", "after True") for name in ("tens", "total", "widest")
    )


def test_adapter_that_is_not_there_is_named(project: Path) -> None:
    built = plan_cli("build", project, "--adapter", "no_such_tracker:Tracker")

    assert built.code == 2, built.text
    assert "no_such_tracker:Tracker" in built.text
    assert "Traceback" not in built.text
