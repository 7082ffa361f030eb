"""The schedule as text: critical path, forecast and order."""

from collections.abc import Iterator

from plan_cli.planning import views_lowered_to
from plan_cli.render.figures import count, duration
from plan_contracts import Materialize, PlanScheduleArtifact, TaskGraph


def schedule_summary(schedule: PlanScheduleArtifact) -> Iterator[str]:
    """Give the lines that say how large the plan is and what it hangs on."""
    total = sum(schedule.task_costs.values())
    yield (
        f"plan {schedule.plan_signature[:12]}: {count(schedule.task_count, 'task')} "
        f"in {count(len(schedule.generations), 'generation')}, {duration(total)} of work predicted"
    )
    yield from left_out_lines(schedule)
    yield from lowering_lines(schedule)
    yield from critical_path_lines(schedule)


def left_out_lines(schedule: PlanScheduleArtifact) -> Iterator[str]:
    """Name the views that are not scheduled, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for view, reason in schedule.left_out.items():
        by_reason.setdefault(reason, []).append(view)
    for reason, views in by_reason.items():
        yield f"left out, because {reason}: {', '.join(sorted(views))}"


def lowering_lines(schedule: PlanScheduleArtifact) -> Iterator[str]:
    """Say which views have no output of their own, and which are not computed inside their readers though asked to."""
    fused = views_lowered_to(schedule, Materialize.EPHEMERAL)
    if fused:
        yield f"computed inside their readers: {', '.join(fused)}"
    temporary = views_lowered_to(schedule, Materialize.TEMP)
    if temporary:
        yield f"kept in the cache for their readers: {', '.join(temporary)}"
    for choice in schedule.lowering:
        if choice.materialize is Materialize.TEMP and "asked for, but" in choice.reason:
            yield f"kept all the same: {choice.view} ({choice.reason})"


def critical_path_lines(schedule: PlanScheduleArtifact) -> Iterator[str]:
    """Give the critical path with its predicted length."""
    path = " -> ".join(schedule.critical_path_tasks)
    yield f"critical path ({duration(schedule.critical_path_length_weighted)} predicted): {path}"


def forecast_lines(schedule: PlanScheduleArtifact, machine: str) -> Iterator[str]:
    """Give what more workers would buy, and of which machine the costs speak."""
    yield f"what more workers would buy, at the costs of this machine ({machine}):"
    yield f"{'workers':>8}  {'makespan':>10}  {'lower bound':>11}  {'busy':>5}"
    for forecast in schedule.forecasts:
        yield (
            f"{forecast.workers:>8}  {duration(forecast.makespan_seconds):>10}  "
            f"{duration(forecast.lower_bound_seconds):>11}  {forecast.utilisation:>5.0%}"
        )


def order_lines(schedule: PlanScheduleArtifact, tasks: TaskGraph) -> Iterator[str]:
    """Give one line per task, in schedule order; tasks on the critical path are marked with `*`."""
    width = max((len(name) for name in schedule.ordered_tasks), default=4)
    kinds = {task.name: task.kind.value for task in tasks.tasks}
    critical = set(schedule.critical_path_tasks)
    yield f"{'#':>5}   {'task':<{width}}  {'kind':<6}  {'cost':>9}  {'bottom level':>12}  {'slack':>9}  cost from"
    for index, name in enumerate(schedule.ordered_tasks):
        mark = "*" if name in critical else " "
        yield (
            f"{index:>5} {mark} {name:<{width}}  {kinds[name]:<6}  {duration(schedule.task_costs[name]):>9}  "
            f"{duration(schedule.bottom_level_costs[name]):>12}  {duration(schedule.slack_by_task[name]):>9}  "
            f"{schedule.cost_sources[name].value}"
        )
