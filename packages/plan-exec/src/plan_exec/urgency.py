"""A schedule for graphs that nobody has scheduled: what has the most work below it comes first."""

import heapq
from collections.abc import Mapping

from plan_contracts import CostSource, PlanScheduleArtifact, TaskGraph


def schedule_by_urgency(
    tasks: TaskGraph, costs: Mapping[str, float], *, run_id: str = "scenario"
) -> PlanScheduleArtifact:
    """Order tasks by bottom level, then name.

    Enough for the dispatcher, which does not ask how a schedule came about; plan-scheduler makes better ones.

    Parameters
    ----------
    tasks
        Tasks and edges, without a cycle.
    costs
        Seconds by task.
    run_id
        The run.
    """
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
        run_id=run_id,
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
