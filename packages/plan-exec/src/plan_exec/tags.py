"""The tags of a task's node: equal to the schedule, whatever was pruned."""

from collections.abc import Mapping

from plan_contracts import PlanScheduleArtifact, TaskGraph

TagValue = str | list[str]
"""What Hamilton allows as the value of a tag."""


def node_tags(schedule: PlanScheduleArtifact, tasks: TaskGraph) -> dict[str, dict[str, TagValue]]:
    """Give the tags of every scheduled task.

    Parameters
    ----------
    schedule
        Costs, levels, order.
    tasks
        Kinds and the user's tags.

    Returns
    -------
    dict
        By task: `layer`, `kind`, `task_name`, `task_kind`, `task_cost`, `bottom_level_cost`, `slack` (seconds),
        `on_critical_path` (`true` or `false`), `schedule_index`, `generation_index`, and `task_tags` if there are any.
    """
    kinds = {task.name: task for task in tasks.tasks}
    critical = set(schedule.critical_path_tasks)
    generation = {name: index for index, names in enumerate(schedule.generations) for name in names}
    tags: dict[str, dict[str, TagValue]] = {}
    for index, name in enumerate(schedule.ordered_tasks):
        tags[name] = {
            "layer": "execution",
            "kind": "task",
            "task_name": name,
            "task_kind": kinds[name].kind.value,
            "task_cost": seconds(schedule.task_costs, name),
            "bottom_level_cost": seconds(schedule.bottom_level_costs, name),
            "slack": seconds(schedule.slack_by_task, name),
            "on_critical_path": "true" if name in critical else "false",
            "schedule_index": str(index),
            "generation_index": str(generation[name]),
        }
        if kinds[name].tags:
            tags[name]["task_tags"] = list(kinds[name].tags)
    return tags


def seconds(figures: Mapping[str, float], name: str) -> str:
    """Give a figure of the schedule to the microsecond, as text."""
    return f"{figures[name]:.6f}"
