"""Every error of this package says what its published example says."""

import re
from collections.abc import Callable
from pathlib import Path

import functions
import parallel_functions
import pytest
from executing import PROCESSES, SERIAL, THREADS, outcome_of, run
from hamilton.lifecycle import NodeExecutionHook

from plan_contracts import (
    DaskSettings,
    ErrorPayload,
    ExecutionMode,
    ExecutionPolicy,
    ExecutorConfig,
    ExecutorKind,
    PlanError,
    RaySettings,
    RetryPolicy,
    RoutingRules,
    TaskFinished,
    TaskPolicy,
)
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.testing import RecordingSink, assert_error_example
from plan_exec import check_rules, choose_executor, execute_module
from plan_exec.executors.dask_cluster import check_dask_address
from plan_exec.executors.ray_cluster import check_ray_address
from plan_exec.executors.scratch_probe import ScratchProbe, check_scratch
from plan_exec.testing import scenario


def _without_request(folder: Path) -> object:
    planned = scenario("a -> b", folder)
    planned.requests.pop("b")
    return run(planned, THREADS)


class Broken(NodeExecutionHook):
    """Raises before each node."""

    def run_before_node_execution(self, **given: object) -> None:
        """Raise."""
        raise KeyError("span")

    def run_after_node_execution(self, **given: object) -> None:
        """Do nothing."""


RAISED: dict[str, Callable[[Path], object]] = {
    "adapter_failed": lambda folder: run(scenario("daily_revenue", folder), THREADS, adapters=[Broken()]),
    "cluster_not_secure": lambda folder: check_dask_address(DaskSettings(address="tcp://cluster.example:8786")),
    "cluster_unreachable": lambda folder: check_ray_address(RaySettings(address="127.0.0.1:1")),
    "executor_not_available": lambda folder: choose_executor(
        ExecutionMode.PLAN_PARALLEL_REMOTE, ExecutorConfig(kind=ExecutorKind.THREADPOOL)
    ),
    "limits_refused": lambda folder: run(
        scenario("daily_revenue", folder),
        THREADS,
        policy=ExecutionPolicy(memory_bytes=1 << 30, views={"daily_revenue": TaskPolicy(memory_bytes=4 << 30)}),
    ),
    "node_not_supported": lambda folder: execute_module(parallel_functions, ["unit"], inputs={"start": 3}),
    "request_missing": _without_request,
    "routing_refused": lambda folder: check_rules(
        RoutingRules(views={"daily_revenu": ExecutorKind.THREADPOOL}),
        choose_executor(ExecutionMode.PLAN_PARALLEL, ExecutorConfig(kind=ExecutorKind.THREADPOOL)),
        views=("daily_revenue", "stock"),
        tags=(),
    ),
    "runtime_not_importable": lambda folder: run(scenario("a", folder), SERIAL, runtime="no_such_module:thing"),
    "scratch_unreachable": lambda folder: check_scratch(
        ScratchProbe(path="/no/such/folder/probe", content=""), worker="dask-host-42"
    ),
    "worker_start_failed": lambda folder: run(
        scenario("a", folder), PROCESSES, runtime="no_such_module:thing", slots=1
    ),
}

FAILING: dict[str, tuple[str, str, str]] = {
    "answer_unreadable": ("a", "garbage", THREADS),
    "executor_gone": ("after_slow", "", THREADS),
    "result_misplaced": ("a", "escape", THREADS),
    "runtime_raised": ("a", "raise", THREADS),
    "task_timed_out": ("slow", "sleep 5", PROCESSES),
    "worker_died": ("a", "kill", PROCESSES),
}

IMPATIENT = ExecutionPolicy(views={"slow": TaskPolicy(timeout_seconds=0.2)}, retries=RetryPolicy(max_attempts=1))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("code", RAISED)
def test_error_that_ends_a_run_says_what_is_published(code: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        RAISED[code](tmp_path)
    assert caught.value.code == code
    assert_error_example(caught.value)


@pytest.mark.timeout(60)
def test_error_of_a_function_says_what_is_published() -> None:
    sink = RecordingSink()
    with pytest.raises(ZeroDivisionError):
        execute_module(functions, ["failing"], inputs={"start": 1}, sink=sink)
    (error,) = [event.error for event in sink.of_type(TaskFinished) if event.error is not None]
    assert_error_example(error)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("code", FAILING)
def test_error_of_a_task_says_what_is_published(code: str, tmp_path: Path) -> None:
    task, script, way = FAILING[code]
    text = f"slow; {task}" if code == "executor_gone" else task
    planned = scenario(text, tmp_path, scripts={"slow": "sleep 5", task: script}, costs={"slow": 9.0})
    error = outcome_of(run(planned, way, slots=1, policy=IMPATIENT), task).error
    assert isinstance(error, ErrorPayload)
    assert error.code == code
    assert_error_example(error, shown_as={str(tmp_path.resolve()): "/project", **_staged_names(error)})


def _staged_names(error: ErrorPayload) -> dict[str, str]:
    return dict.fromkeys(re.findall(r"[0-9a-f]{16}", error.message), "1a2b3c4d5e6f7a8b")


def test_every_code_of_this_package_has_a_scenario() -> None:
    published = [error.code for error in ERROR_CODES if error.package == "plan_exec"]
    assert sorted([*RAISED, *FAILING, "node_failed"]) == published
