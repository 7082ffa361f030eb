"""Why a task stands where it stands, in words."""

from plan_contracts import CostSource, LoweringChoice, Materialize, PlanScheduleArtifact, TaskGraph
from plan_scheduler.errors import UnknownTask

_SOURCES = {
    CostSource.DECLARED: "as plan.toml declares",
    CostSource.HISTORY: "from past runs of the same definition",
    CostSource.STATISTICS: "estimated from the statistics of its inputs",
    CostSource.DEFAULT: "a default, because nothing is known of it",
}

_RESULTS = {
    Materialize.TABLE: "an output",
    Materialize.TEMP: "kept in the cache for its readers",
    Materialize.EPHEMERAL: "computed inside its readers",
    Materialize.AUTO: "not decided",
}


def explain(schedule: PlanScheduleArtifact, tasks: TaskGraph, task: str) -> str:
    """Say in a few sentences why a task stands where it stands in the schedule.

    Parameters
    ----------
    schedule
        The schedule.
    tasks
        The task graph it was made from.
    task
        A scheduled task, one that was left out, or a view that is computed inside others.

    Raises
    ------
    UnknownTask
        When it is neither.
    """
    if task in schedule.left_out:
        return f"`{task}` is not scheduled: {schedule.left_out[task]}"
    lowering = {choice.view: choice for choice in schedule.lowering}
    if task not in schedule.task_costs and task in lowering:
        inside = ", ".join(f"`{name}`" for name, views in schedule.views_by_task.items() if task in views)
        return f"`{task}` is no task of its own. {_became(lowering[task])} It is computed in {inside or 'no task'}."
    if task not in schedule.task_costs:
        message = f"There is no task `{task}` in the schedule"
        raise UnknownTask(message, subject=task, suggestion="See `ordered_tasks` for the names.")
    place = schedule.ordered_tasks.index(task) + 1
    cost, bottom = schedule.task_costs[task], schedule.bottom_level_costs[task]
    source = _SOURCES[schedule.cost_sources[task]]
    return " ".join(
        [
            f"`{task}` is number {place} of {schedule.task_count}.",
            f"It is expected to take {show_seconds(cost)} ({source}), {_below(schedule, tasks, task, cost, bottom)}.",
            _waiting(schedule, tasks, task),
            _urgency(schedule, task),
            _neighbour(schedule, task, place),
            _became(lowering[task]) if task in lowering else "",
        ]
    ).rstrip()


def _became(choice: LoweringChoice) -> str:
    return f"Its result is {_RESULTS[choice.materialize]} ({choice.reason})."


def show_seconds(seconds: float) -> str:
    """Write a duration with its unit, to three digits or a microsecond."""
    if seconds == 0:
        return "0 s"
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 1000 else f"{seconds:,.0f} s"


def _below(schedule: PlanScheduleArtifact, tasks: TaskGraph, task: str, cost: float, bottom: float) -> str:
    consumers = [consumer for producer, consumer in tasks.edges if producer == task]
    if not consumers:
        return "and nothing waits for it"
    dearest = min(consumers, key=lambda name: (-schedule.bottom_level_costs[name], name))
    return (
        f"and {show_seconds(bottom - cost)} of work can only follow it, the dearest path starting with `{dearest}`,"
        f" so its bottom level is {show_seconds(bottom)}"
    )


def _waiting(schedule: PlanScheduleArtifact, tasks: TaskGraph, task: str) -> str:
    producers = [producer for producer, consumer in tasks.edges if consumer == task]
    if not producers:
        return "It waits for no task and can start at once."
    last = min(producers, key=lambda name: (-(schedule.earliest_start[name] + schedule.task_costs[name]), name))
    start = show_seconds(schedule.earliest_start[task])
    others = f" and {len(producers) - 1} more" if len(producers) > 1 else ""
    return f"It waits for `{last}`{others}, and can start {start} after the beginning at the earliest."


def _urgency(schedule: PlanScheduleArtifact, task: str) -> str:
    length = show_seconds(schedule.critical_path_length_weighted)
    slack = schedule.slack_by_task[task]
    if task in schedule.critical_path_tasks:
        return f"It lies on the critical path of {length}: each second of delay delays the end."
    if slack == 0:
        return f"It has no slack: it lies on another path as long as the critical path ({length})."
    return f"Its slack is {show_seconds(slack)}: so much later it may start without delaying the end ({length})."


def _neighbour(schedule: PlanScheduleArtifact, task: str, place: int) -> str:
    if place == schedule.task_count:
        return ""
    following = schedule.ordered_tasks[place]
    mine, other = schedule.bottom_level_costs[task], schedule.bottom_level_costs[following]
    if mine != other:
        return f"It comes before `{following}`, whose bottom level is {show_seconds(other)}."
    mine, other = schedule.slack_by_task[task], schedule.slack_by_task[following]
    if mine != other:
        return f"It comes before `{following}`, whose bottom level is equal and whose slack is {show_seconds(other)}."
    return f"It comes before `{following}`, with which it ties, by name."
