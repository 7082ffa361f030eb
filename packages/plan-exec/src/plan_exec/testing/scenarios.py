"""Everything that `execute_plan` takes, from one line of text."""

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from plan_contracts import (
    CostSource,
    PlanScheduleArtifact,
    TaskGraph,
    TaskInput,
    TaskKind,
    TaskRequest,
    ViewSource,
    ViewWork,
)
from plan_contracts.testing import MemoryCommitter, task_graph


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A scheduled graph, what each task is to do, and where."""

    schedule: PlanScheduleArtifact
    requests: dict[str, TaskRequest]
    tasks: TaskGraph
    committer: MemoryCommitter
    folder: Path
    """Folder of the project; the records of `calls_of` lie below it."""


def scenario(
    text: str,
    folder: Path,
    *,
    scripts: Mapping[str, str] | None = None,
    costs: Mapping[str, float] | None = None,
    temp: Collection[str] = (),
    checks: Mapping[str, str] | None = None,
) -> Scenario:
    """Schedule a graph whose tasks do what their scripts say.

    Parameters
    ----------
    text
        Chains of names, such as `"a -> b -> d; a -> c -> d"`.
    folder
        A folder of the test's own.
    scripts
        Steps of `ScriptedRuntime` by task; a task without one succeeds.
    costs
        Seconds by task; 1 where not given.
    temp
        Tasks whose results are kept in the cache, and are no outputs.
    checks
        Tasks that are checks, with the view that each checks. Text holds their edges like any others.
    """
    tasks = _with_checks(task_graph(text, temp=temp), checks or {})
    names = [task.name for task in tasks.tasks]
    committer = MemoryCommitter(folder / "store")
    seconds = {name: (costs or {}).get(name, 1.0) for name in names}
    return Scenario(
        schedule=_schedule(tasks, seconds),
        requests=_requests(tasks, scripts or {}, folder, committer.stage_uri()),
        tasks=tasks,
        committer=committer,
        folder=folder,
    )


def _with_checks(tasks: TaskGraph, checks: Mapping[str, str]) -> TaskGraph:
    made = tuple(
        replace(task, kind=TaskKind.CHECK, views=(checks[task.name],), outputs=()) if task.name in checks else task
        for task in tasks.tasks
    )
    return replace(tasks, tasks=made)


def _requests(tasks: TaskGraph, scripts: Mapping[str, str], folder: Path, stage: str) -> dict[str, TaskRequest]:
    giving = {task.name for task in tasks.tasks if task.outputs}
    producers: dict[str, list[str]] = {task.name: [] for task in tasks.tasks}
    for producer, consumer in tasks.edges:
        if producer in giving:
            producers[consumer].append(producer)
    return {
        task.name: TaskRequest(
            run_id="scenario",
            task=task.name,
            definition=task.definition,
            work=ViewWork(
                views=(ViewSource(name=task.name, path=f"views/{task.name}.sql", sql=scripts.get(task.name, "")),)
            ),
            inputs=tuple(TaskInput(name=name, producer=name) for name in sorted(producers[task.name])),
            outputs=task.outputs,
            stage_uri=stage,
            project_uri=str(folder),
        )
        for task in tasks.tasks
    }


def _schedule(tasks: TaskGraph, costs: Mapping[str, float]) -> PlanScheduleArtifact:
    """Order by bottom level, then name; enough for a dispatcher, which does not ask how a schedule came about."""
    names = [task.name for task in tasks.tasks]
    producers: dict[str, list[str]] = {name: [] for name in names}
    consumers: dict[str, list[str]] = {name: [] for name in names}
    for producer, consumer in tasks.edges:
        producers[consumer].append(producer)
        consumers[producer].append(consumer)
    topological = _topological(producers, consumers, dict.fromkeys(names, 0.0))
    bottom: dict[str, float] = {}
    for name in reversed(topological):
        bottom[name] = costs[name] + max((bottom[each] for each in consumers[name]), default=0.0)
    earliest: dict[str, float] = {}
    depth: dict[str, int] = {}
    for name in topological:
        earliest[name] = max((earliest[each] + costs[each] for each in producers[name]), default=0.0)
        depth[name] = max((depth[each] + 1 for each in producers[name]), default=0)
    length = max(bottom.values(), default=0.0)
    slack = {name: max(0.0, length - bottom[name] - earliest[name]) for name in names}
    order = _topological(producers, consumers, bottom)
    return PlanScheduleArtifact(
        run_id="scenario",
        plan_signature="0" * 64,
        reduced_plan_signature="0" * 64,
        task_count=len(names),
        ordered_tasks=tuple(order),
        generations=tuple(
            tuple(name for name in order if depth[name] == level)
            for level in range(max(depth.values(), default=-1) + 1)
        ),
        critical_path_tasks=tuple(name for name in order if abs(slack[name]) < 1e-9),
        critical_path_length_weighted=length,
        task_costs=dict(costs),
        cost_sources=dict.fromkeys(names, CostSource.DECLARED),
        cost_table_id="0" * 64,
        bottom_level_costs=bottom,
        earliest_start=earliest,
        slack_by_task=slack,
        views_by_task={name: (name,) for name in names},
    )


def _topological(
    producers: Mapping[str, list[str]], consumers: Mapping[str, list[str]], urgency: Mapping[str, float]
) -> list[str]:
    """Give the order in which the most urgent of the ready tasks comes first, ties by name."""
    waiting = {name: len(before) for name, before in producers.items()}
    ready = [(-urgency[name], name) for name, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        _, name = heapq.heappop(ready)
        order.append(name)
        for consumer in consumers[name]:
            waiting[consumer] -= 1
            if waiting[consumer] == 0:
                heapq.heappush(ready, (-urgency[consumer], consumer))
    return order
