"""Workers that die, runtimes that cannot be had, sinks that break, users who interrupt: a clear end, nothing left."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from dying import MARK
from executing import PARALLEL, PROCESSES, WAYS, BrokenSink, named, outcome_of, run, statuses

from plan_contracts import PublishedOutput, StagedOutput, TaskFinished, TaskRetried, TaskStatus
from plan_contracts.testing import MemoryCommitter, RecordingSink
from plan_exec import RuntimeNotImportable, WorkerStartFailed
from plan_exec.testing import calls_of, scenario

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


def children(pid: int) -> set[int]:
    """Give the live descendants of a process that are workers, not the server that they are forked from."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z":
                parents[int(folder.name)] = int(fields[1])
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in {pid, *found}} - found:
        found |= more
    return found


def alive(pid: int) -> bool:
    """Say whether a process runs, zombies left aside."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids: set[int]) -> bool:
    """Wait a little for processes to end: the server of forks ends once it hears that its parent has."""
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(alive(pid) for pid in pids)


def dispatcher_threads() -> list[str]:
    """Name the live threads that an executor has started."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("plan-exec")]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("script", "how"), [("kill", "was ended by SIGKILL"), ("exit 3", "exited with code 3")], ids=["kill", "exit"]
)
def test_processes_worker_that_dies_each_time_fails_its_task_and_no_other(
    script: str, how: str, tmp_path: Path
) -> None:
    # `other` is in the middle of its work when `a` dies, and `later` waits for a slot.
    planned = scenario(
        "a -> below; other; later",
        tmp_path,
        scripts={"a": f"await other; {script}", "other": "sleep 1"},
        costs={"a": 9.0, "other": 8.0},
    )

    report = run(planned, PROCESSES)

    assert statuses(report) == {"a": "failed", "other": "succeeded", "later": "succeeded", "below": "skipped"}
    assert outcome_of(report, "a").attempts == 4
    error = outcome_of(report, "a").error
    assert error is not None
    assert error.code == "worker_died"
    assert how in error.message
    assert "`a`" in error.message
    assert outcome_of(report, "below").cause == "a"
    assert outcome_of(report, "other").attempts == 1
    assert not [call.pid for call in calls_of(tmp_path) if alive(call.pid)]


@pytest.mark.timeout(60)
def test_processes_dead_worker_is_replaced_and_its_task_tried_again(tmp_path: Path) -> None:
    sink = RecordingSink()
    planned = scenario("a -> b; c", tmp_path, scripts={"a": "first kill"}, costs={"a": 9.0})

    report = run(planned, PROCESSES, sink=sink)

    assert set(statuses(report).values()) == {"succeeded"}
    (retried,) = sink.of_type(TaskRetried)
    assert (retried.task, retried.attempt, retried.error.code) == ("a", 1, "worker_died")
    assert "SIGKILL" in retried.error.message
    calls = [call for call in calls_of(tmp_path) if call.task == "a"]
    assert [call.attempt for call in calls] == [1, 2]
    assert {event.attempts for event in sink.of_type(TaskFinished) if event.task == "a"} == {2}


@pytest.mark.timeout(60)
def test_processes_worker_that_dies_while_it_starts_costs_no_attempt(tmp_path: Path) -> None:
    sink = RecordingSink()

    report = run(scenario("a -> b", tmp_path), PROCESSES, sink=sink, runtime="dying:DiesWhileItStarts")

    assert {outcome.attempts for outcome in report.outcomes} == {1}
    assert set(statuses(report).values()) == {"succeeded"}
    assert list(tmp_path.rglob(MARK))
    assert not sink.of_type(TaskRetried)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["no_such_module:thing", "plan_exec.testing:no_such_thing", "plan_exec.testing"])
def test_execute_runtime_that_cannot_be_imported_is_named(name: str, way: str, tmp_path: Path) -> None:
    expected = WorkerStartFailed if way == PROCESSES else RuntimeNotImportable

    with pytest.raises(expected, match=name.replace(".", r"\.")):
        run(scenario("a -> b", tmp_path), way, runtime=name)

    assert dispatcher_threads() == []


class BrokenCommitter(MemoryCommitter):
    """A committer whose folder is gone when it publishes."""

    def publish(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        """Raise what no committer should raise."""
        raise OSError(5, "Input/output error")


@pytest.mark.timeout(60)
@needs_proc
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("events", [0, 1, 3, 6])
def test_execute_broken_sink_leaves_no_worker(events: int, way: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        run(scenario("a -> b -> c; d; e", tmp_path), way, sink=BrokenSink(events))

    assert not [call.pid for call in calls_of(tmp_path) if call.pid != os.getpid() and alive(call.pid)]
    assert way != PROCESSES or dispatcher_threads() == []


@pytest.mark.timeout(60)
@needs_proc
@pytest.mark.parametrize("way", WAYS)
def test_execute_broken_committer_leaves_no_worker(way: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output"):
        run(scenario("a -> b", tmp_path), way, committer=BrokenCommitter(tmp_path / "store"))

    assert not [call.pid for call in calls_of(tmp_path) if call.pid != os.getpid() and alive(call.pid)]


@pytest.mark.timeout(60)
@needs_proc
@pytest.mark.parametrize("way", WAYS)
def test_execute_leaves_no_thread_and_no_worker_behind(way: str, tmp_path: Path) -> None:
    run(scenario("a -> b; c", tmp_path), way)

    assert dispatcher_threads() == []
    assert not [call.pid for call in calls_of(tmp_path) if call.pid != os.getpid() and alive(call.pid)]


INTERRUPTED = """
import signal
import sys
from pathlib import Path
from executing import named, run
from plan_contracts import TaskStatus
from plan_exec.testing import scenario

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder, way = Path(sys.argv[1]), sys.argv[2]
    planned = scenario("a -> b -> c; d -> e", folder, scripts={"b": "sleep 60"}, costs={"b": 9.0})
    report = run(planned, way)
    print("interrupted", report.interrupted, *sorted(named(report, TaskStatus.SUCCEEDED)))
"""


@pytest.mark.timeout(60)
@needs_proc
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["sigint", "sigterm"])
@pytest.mark.parametrize("way", PARALLEL)
def test_execute_second_interrupt_ends_at_once(way: str, sent: signal.Signals, tmp_path: Path) -> None:
    program = tmp_path / "interrupted.py"
    program.write_text("from plan_exec import dispatcher\ndispatcher.GRACE_SECONDS = 600.0\n" + INTERRUPTED)
    build = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path), way],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        text=True,
    )
    while not {"a", "b"} <= {call.task for call in calls_of(tmp_path)}:
        time.sleep(0.01)
    workers = children(build.pid)

    build.send_signal(sent)
    time.sleep(0.5)
    build.send_signal(sent)
    out, _ = build.communicate(timeout=40)  # the first one alone would give running tasks ten minutes

    assert out.split()[:2] == ["interrupted", "True"]
    assert gone(workers)


@pytest.mark.timeout(60)
@needs_proc
@pytest.mark.parametrize("way", WAYS)
def test_execute_interrupt_ends_within_seconds_and_reports_every_task(way: str, tmp_path: Path) -> None:
    program = tmp_path / "interrupted.py"
    program.write_text(INTERRUPTED)
    build = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path), way],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not {"a", "b"} <= {call.task for call in calls_of(tmp_path)}:
        time.sleep(0.01)
    workers = children(build.pid)

    began = time.monotonic()
    os.killpg(build.pid, signal.SIGINT)
    out, err = build.communicate(timeout=30)

    assert time.monotonic() - began < 10
    assert err == ""
    assert out.split()[:2] == ["interrupted", "True"]
    assert "a" in out.split()[2:]
    assert "b" not in out.split()[2:]
    assert gone(workers)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", PARALLEL)
def test_execute_after_a_crash_works_again(way: str, tmp_path: Path) -> None:
    script = "kill" if way == PROCESSES else "raise"
    run(scenario("a -> b", tmp_path / "first", scripts={"a": script}), way)

    report = run(scenario("a -> b", tmp_path / "second"), way)

    assert named(report, TaskStatus.SUCCEEDED) == {"a", "b"}
