"""From a schedule and its requests to what the dispatcher knows of each task."""

from collections.abc import Mapping

from plan_contracts import ExecutionPolicy, ExecutorChoice, PlanScheduleArtifact, TaskGraph, TaskRequest
from plan_exec.errors import RequestMissing
from plan_exec.routing import route
from plan_exec.task_policy import policy_of
from plan_exec.task_state import TaskState


def task_states(
    schedule: PlanScheduleArtifact,
    requests: Mapping[str, TaskRequest],
    tasks: TaskGraph,
    choice: ExecutorChoice,
    policy: ExecutionPolicy,
) -> dict[str, TaskState]:
    """Put together what is known of each scheduled task, in schedule order."""
    missing = [name for name in schedule.ordered_tasks if name not in requests]
    if missing:
        message = f"The scheduled task `{missing[0]}` has no request (of {len(missing)} such tasks)"
        raise RequestMissing(message, subject=missing[0])
    scheduled = set(schedule.ordered_tasks)
    producers: dict[str, list[str]] = {name: [] for name in schedule.ordered_tasks}
    consumers: dict[str, list[str]] = {name: [] for name in schedule.ordered_tasks}
    for producer, consumer in tasks.edges:
        if producer in scheduled and consumer in scheduled:
            producers[consumer].append(producer)
            consumers[producer].append(consumer)
    by_name = {task.name: task for task in tasks.tasks}
    return {
        name: TaskState(
            task=by_name[name],
            request=requests[name],
            route=route(by_name[name], schedule.task_costs[name], choice, policy.routing),
            policy=policy_of(by_name[name], policy),
            index=index,
            cost=schedule.task_costs[name],
            bottom_level=schedule.bottom_level_costs[name],
            slack=schedule.slack_by_task[name],
            producers=tuple(producers[name]),
            consumers=tuple(consumers[name]),
            waiting_for=len(producers[name]),
            waiting_consumers=len(consumers[name]),
        )
        for index, name in enumerate(schedule.ordered_tasks)
    }
