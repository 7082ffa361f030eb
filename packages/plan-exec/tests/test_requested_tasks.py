"""Tasks and edges from requests alone, beside the graphs that the requests were made from."""

import random
from itertools import combinations
from pathlib import Path

import pytest
from executing import AT_ONCE, statuses
from msgspec.structs import replace

from plan_contracts import (
    CheckWork,
    ExecutionMode,
    FrameKind,
    PythonSource,
    PythonWork,
    TaskGraph,
    TaskInput,
    TaskKind,
    digest,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec import execute_plan
from plan_exec.requested_tasks import requested_tasks
from plan_exec.testing import SCRIPTED, calls_of, scenario


def _without_tags(tasks: TaskGraph) -> TaskGraph:
    return replace(tasks, tasks=tuple(replace(each, tags=(), declared_cost=None) for each in tasks.tasks))


@pytest.mark.parametrize("seed", range(20))
def test_tasks_of_a_random_graph_are_those_that_the_requests_were_made_from(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    names = [f"t{index}" for index in range(8)]
    edges = [f"{one} -> {two}" for one, two in combinations(names, 2) if chance.random() < 0.3]
    made = scenario(";".join([*names, *edges]), tmp_path, temp=chance.sample(names, 2), scans={"t0": 3})

    assert requested_tasks(made.requests) == _without_tags(made.tasks)


def test_tasks_of_checks_stand_between_what_they_check_and_its_readers(tmp_path: Path) -> None:
    made = scenario("a -> b; a -> check-a; d", tmp_path)
    check = made.requests["check-a"]
    checking = replace(check, work=CheckWork(subject="a", checks=()), outputs=())
    dataset = (TaskInput(name="o"),)
    of_dataset = replace(checking, task="check-o", work=CheckWork(subject="o", checks=()), inputs=dataset)

    found = requested_tasks({**made.requests, "check-a": checking, "check-o": of_dataset})

    tasks = {task.name: task for task in found.tasks}
    assert found.edges == (("a", "b"), ("a", "check-a"), ("check-a", "b"))
    assert (tasks["check-a"].kind, tasks["check-a"].views) == (TaskKind.CHECK, ("a",))
    assert (tasks["check-o"].kind, tasks["check-o"].views) == (TaskKind.CHECK, ())


def test_task_of_a_python_view_is_of_its_kind(tmp_path: Path) -> None:
    request = scenario("p", tmp_path).requests["p"]
    source = PythonSource(name="p", path="views/p.py", function="p", sha256=digest("p"), returns=FrameKind.TABLE)

    (task,) = requested_tasks({"p": replace(request, work=PythonWork(view=source))}).tasks

    assert (task.kind, task.views) == (TaskKind.PYTHON, ("p",))


@pytest.mark.timeout(60)
def test_execute_without_a_graph_runs_what_the_requests_say(tmp_path: Path) -> None:
    made = scenario("a -> b -> c; a -> d", tmp_path, scripts={"b": "fail"})

    report = execute_plan(
        made.schedule,
        made.requests,
        SCRIPTED,
        RecordingSink(),
        made.committer,
        FakeClock(),
        ExecutionMode.DETERMINISTIC_SERIAL,
        None,
        policy=AT_ONCE,
    )

    assert statuses(report) == {"a": "succeeded", "b": "failed", "c": "skipped", "d": "succeeded"}
    assert all(call.missing == () for call in calls_of(tmp_path))
