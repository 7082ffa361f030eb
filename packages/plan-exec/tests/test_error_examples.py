"""Every error of this package says what its published example says."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from executing import PROCESSES, SERIAL, THREADS, outcome_of, run

from plan_contracts import ErrorPayload, ExecutionMode, ExecutorConfig, ExecutorKind, PlanError
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.testing import assert_error_example
from plan_exec import choose_executor
from plan_exec.testing import scenario


def _without_request(folder: Path) -> object:
    planned = scenario("a -> b", folder)
    planned.requests.pop("b")
    return run(planned, THREADS)


RAISED: dict[str, Callable[[Path], object]] = {
    "executor_not_available": lambda folder: choose_executor(
        ExecutionMode.PLAN_PARALLEL, ExecutorConfig(kind=ExecutorKind.RAY)
    ),
    "request_missing": _without_request,
    "runtime_not_importable": lambda folder: run(scenario("a", folder), SERIAL, runtime="no_such_module:thing"),
    "worker_start_failed": lambda folder: run(
        scenario("a", folder), PROCESSES, runtime="no_such_module:thing", slots=1
    ),
}

FAILING: dict[str, tuple[str, str]] = {
    "answer_unreadable": ("garbage", THREADS),
    "runtime_raised": ("raise", THREADS),
    "worker_died": ("kill", PROCESSES),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("code", RAISED)
def test_error_that_ends_a_run_says_what_is_published(code: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        RAISED[code](tmp_path)
    assert caught.value.code == code
    assert_error_example(caught.value)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("code", FAILING)
def test_error_of_a_task_says_what_is_published(code: str, tmp_path: Path) -> None:
    script, way = FAILING[code]
    error = outcome_of(run(scenario("a", tmp_path, scripts={"a": script}), way, slots=1), "a").error
    assert isinstance(error, ErrorPayload)
    assert error.code == code
    numbers = dict.fromkeys(re.findall(r"process \d+", error.message), "process 4242")
    assert_error_example(error, shown_as=numbers)


def test_every_code_of_this_package_has_a_scenario() -> None:
    assert sorted([*RAISED, *FAILING]) == [error.code for error in ERROR_CODES if error.package == "plan_exec"]
