"""Real worker processes: replaced when they are spent or killed, ended with their driver, and with equal software."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from executing import AT_ONCE, BOTH, PROCESSES, SERIAL, THREADS, outcome_of, run, run_program, statuses
from msgspec.structs import replace
from test_crashes import alive, gone, needs_proc

from plan_contracts import (
    WIRE_PROTOCOL,
    ExecutorConfig,
    ExecutorKind,
    RoutingRules,
    TaskPolicy,
    TaskRetried,
    TaskRouting,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec import RoutingRefused, WorkerStartFailed, execute_plan
from plan_exec.executors.greeting import check_hello
from plan_exec.executors.threads import ThreadExecutor
from plan_exec.runtime_import import import_runtime
from plan_exec.testing import SCRIPTED, calls_of, scenario
from plan_exec.versions import software_versions
from plan_exec.worker import Hello

CHAIN = "t0 -> t1 -> t2 -> t3 -> t4 -> t5"


@pytest.mark.timeout(60)
def test_worker_is_replaced_after_its_tasks(tmp_path: Path) -> None:
    config = ExecutorConfig(kind=ExecutorKind.MULTIPROCESSING, max_tasks=1, tasks_per_worker=2)

    report = run(scenario(CHAIN, tmp_path), PROCESSES, config=config)

    assert set(statuses(report).values()) == {"succeeded"}
    pids = [call.pid for call in calls_of(tmp_path)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [2, 2, 2]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("memory", "workers"), [("1MB", 6), ("64GB", 1)], ids=["grown", "small"])
def test_worker_that_holds_too_much_memory_is_replaced(memory: str, workers: int, tmp_path: Path) -> None:
    config = ExecutorConfig(kind=ExecutorKind.MULTIPROCESSING, max_tasks=1, worker_memory=memory)

    run(scenario(CHAIN, tmp_path), PROCESSES, config=config)

    assert len({call.pid for call in calls_of(tmp_path)}) == workers


@pytest.mark.timeout(60)
@needs_proc
def test_worker_over_its_time_is_ended_and_its_slot_goes_on(tmp_path: Path) -> None:
    policy = replace(AT_ONCE, views={"slow": TaskPolicy(timeout_seconds=0.3)})
    planned = scenario("slow -> below; quick", tmp_path, scripts={"slow": "sleep 60"}, costs={"slow": 9.0})

    report = run(planned, PROCESSES, slots=1, policy=policy)

    assert statuses(report) == {"slow": "failed", "below": "skipped", "quick": "succeeded"}
    error = outcome_of(report, "slow").error
    assert error is not None
    assert error.code == "task_timed_out"
    assert not [call.pid for call in calls_of(tmp_path) if alive(call.pid)]


@pytest.mark.timeout(60)
def test_thread_over_its_time_is_left_alone_and_the_run_ends_without_it(tmp_path: Path) -> None:
    policy = replace(AT_ONCE, views={"slow": TaskPolicy(timeout_seconds=0.3)})
    scripts = {"slow": "sleep 20"}
    planned = scenario("slow -> below; quick", tmp_path, scripts=scripts, costs={"slow": 9.0})

    began = time.monotonic()
    report = run(planned, THREADS, slots=2, policy=policy)

    assert time.monotonic() - began < 15  # it does not wait for the task
    assert statuses(report) == {"slow": "failed", "below": "skipped", "quick": "succeeded"}


@pytest.mark.timeout(60)
def test_thread_over_its_time_that_starves_the_others_ends_the_run(tmp_path: Path) -> None:
    policy = replace(AT_ONCE, views={"slow": TaskPolicy(timeout_seconds=0.3)})
    scripts = {"slow": "hold 30", "starved": "behold slow; need"}
    planned = scenario("slow; starved -> below; later", tmp_path, scripts=scripts, costs={"slow": 9.0, "starved": 8.0})

    began = time.monotonic()
    report = execute_plan(
        planned.schedule,
        planned.requests,
        SCRIPTED,
        RecordingSink(),
        planned.committer,
        FakeClock(),
        tasks=planned.tasks,
        executor_config=ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=2),
        policy=policy,
        executors={
            ExecutorKind.THREADPOOL: lambda runtime, slots, scratch: ThreadExecutor(
                import_runtime(runtime), slots, scratch, patience_seconds=0.5
            )
        },
    )

    assert time.monotonic() - began < 25  # it does not wait for the task that holds everything
    assert statuses(report) == {"slow": "failed", "starved": "failed", "below": "skipped", "later": "skipped"}
    error = outcome_of(report, "starved").error
    assert error is not None
    assert error.code == "executor_gone"
    assert "`slow`" in error.message


@pytest.mark.timeout(60)
def test_thread_over_its_time_that_starves_nobody_leaves_the_others_alone(tmp_path: Path) -> None:
    policy = replace(AT_ONCE, views={"slow": TaskPolicy(timeout_seconds=0.1)})
    scripts = {"slow": "sleep 4", "long": "sleep 2.5; need"}
    planned = scenario("slow; long -> below", tmp_path, scripts=scripts, costs={"slow": 99.0})

    report = run(planned, THREADS, slots=2, policy=policy)

    assert statuses(report) == {"slow": "failed", "long": "succeeded", "below": "succeeded"}


@pytest.mark.timeout(60)
def test_worker_killed_at_random_leaves_the_others_alone(tmp_path: Path) -> None:
    sink = RecordingSink()
    text = ";".join(f"t{index:02d}" for index in range(12))
    scripts = {f"t{index:02d}": "first kill" if index % 3 == 0 else "sleep 0.05" for index in range(12)}

    report = run(scenario(text, tmp_path, scripts=scripts), PROCESSES, slots=3, sink=sink)

    assert set(statuses(report).values()) == {"succeeded"}
    assert sorted(event.task for event in sink.of_type(TaskRetried)) == ["t00", "t03", "t06", "t09"]
    attempts = {outcome.task: outcome.attempts for outcome in report.outcomes}
    assert {name for name, count in attempts.items() if count == 2} == {"t00", "t03", "t06", "t09"}


@pytest.mark.timeout(60)
def test_two_executors_hand_on_in_memory_within_one_and_by_file_between_them(tmp_path: Path) -> None:
    sink = RecordingSink()
    costs = {"a": 0.1, "b": 0.1, "far1": 5.0, "far2": 5.0, "c": 0.1}

    report = run(scenario("a -> b -> far1 -> far2 -> c; a -> c", tmp_path, costs=costs), BOTH, slots=1, sink=sink)

    assert set(statuses(report).values()) == {"succeeded"}
    calls = {call.task: call for call in calls_of(tmp_path)}
    assert {name for name, call in calls.items() if call.pid == os.getpid()} == {"a", "b", "c"}
    in_memory = {
        (name, given) for name, call in calls.items() for given, uri in call.inputs.items() if "memory:" in uri
    }
    assert in_memory == {("b", "a"), ("c", "a")}
    assert not any(call.missing for call in calls.values())
    reasons = {event.decision.task: event.decision.reason for event in sink.of_type(TaskRouting)}
    assert reasons["far1"] == "its cost of 5 s is at or over `cost_threshold`, 1 s"
    assert reasons["a"] == "its cost of 0.1 s is under `cost_threshold`, 1 s"


@pytest.mark.timeout(60)
def test_two_executors_rule_wins_over_cost_and_is_on_record(tmp_path: Path) -> None:
    sink = RecordingSink()
    policy = replace(AT_ONCE, routing=RoutingRules(views={"a": ExecutorKind.MULTIPROCESSING}))

    run(scenario("a -> b", tmp_path, costs={"a": 0.1, "b": 0.1}), BOTH, sink=sink, policy=policy)

    decided = {event.decision.task: event.decision for event in sink.of_type(TaskRouting)}
    assert (decided["a"].executor, decided["a"].reason) == ("multiprocessing", "the rule `execution.routing.views.a`")
    assert decided["b"].executor == "threadpool"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", [THREADS, PROCESSES])
def test_rule_for_an_executor_that_the_run_does_not_have_is_refused_before_it(way: str, tmp_path: Path) -> None:
    policy = replace(AT_ONCE, routing=RoutingRules(tags={"heavy": ExecutorKind.RAY}))
    sink = RecordingSink()

    with pytest.raises(RoutingRefused, match=r"execution\.routing\.tags\.heavy"):
        run(scenario("a", tmp_path), way, policy=policy, sink=sink)

    assert sink.events == ()


def test_serial_mode_leaves_rules_aside(tmp_path: Path) -> None:
    policy = replace(AT_ONCE, routing=RoutingRules(tags={"heavy": ExecutorKind.RAY}))

    report = run(scenario("a -> b", tmp_path, scripts={"a": "blink; first sleep 0"}), SERIAL, policy=policy)

    assert statuses(report) == {"a": "failed", "b": "skipped"}
    assert outcome_of(report, "a").attempts == 4


def test_worker_with_other_software_is_refused() -> None:
    ours = dict(software_versions(SCRIPTED))
    check_hello("w", Hello(versions=ours), SCRIPTED)

    with pytest.raises(WorkerStartFailed, match=r"msgspec 0\.1 instead of"):
        check_hello("w", Hello(versions={**ours, "msgspec": "0.1"}), SCRIPTED)
    with pytest.raises(WorkerStartFailed, match=f"protocol {WIRE_PROTOCOL + 1}"):
        check_hello("w", Hello(protocol=WIRE_PROTOCOL + 1, versions=ours), SCRIPTED)


OTHER_SOFTWARE = """
import sys
from pathlib import Path
from executing import run
from plan_exec import WorkerStartFailed
from plan_exec.testing import SCRIPTED, scenario
from plan_exec.versions import software_versions

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    software_versions(SCRIPTED)
    sys.path.insert(0, str(folder / "other"))  # workers take over the path, and find another msgspec there
    try:
        run(scenario("a", folder), "processes")
    except WorkerStartFailed as error:
        print(error.message)
"""


@pytest.mark.timeout(60)
def test_worker_that_finds_other_software_does_not_start(tmp_path: Path) -> None:
    info = tmp_path / "other" / "msgspec-0.0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: msgspec\nVersion: 0.0.1\n")

    done = run_program(OTHER_SOFTWARE, tmp_path)

    assert "msgspec 0.0.1 instead of" in done.stdout, done.stderr


BUSY = """
import sys
from pathlib import Path
from executing import run
from plan_exec.testing import scenario

if __name__ == "__main__":
    run(scenario("a", Path(sys.argv[1]), scripts={"a": "sleep 600"}), "processes")
"""


@pytest.mark.timeout(60)
@needs_proc
def test_worker_in_the_middle_of_a_task_ends_with_its_driver(tmp_path: Path) -> None:
    program = tmp_path / "busy.py"
    program.write_text(BUSY)
    driver = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path)], env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    )
    while not calls_of(tmp_path):
        time.sleep(0.01)
    (worker,) = {call.pid for call in calls_of(tmp_path)}
    assert alive(worker)

    os.kill(driver.pid, signal.SIGKILL)
    driver.wait(10)

    assert gone({worker})
