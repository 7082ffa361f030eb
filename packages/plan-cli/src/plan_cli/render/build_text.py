"""The end of a build as text: predicted against actual, and where the time went."""

from collections.abc import Iterator

from plan_cli.building import BuildOutcome
from plan_cli.render.figures import count, duration
from plan_contracts import TaskOutcome, TaskStatus

SLOWEST = 5
"""Tasks that the summary names."""


def build_summary(outcome: BuildOutcome) -> Iterator[str]:
    """Give the lines that end a build."""
    report, planned = outcome.report, outcome.planned
    if report is not None and planned is not None:
        built = {each.task: each for each in report.outcomes}
        yield _counts_line(outcome)
        yield from _critical_path(outcome, built)
        yield from _slowest(outcome, report.outcomes)
    yield "where the time went: " + ", ".join(
        f"{stage} {duration(seconds)}" for stage, seconds in outcome.seconds_by_stage.items()
    )
    manifest = outcome.manifest
    if manifest is not None:
        yield f"run {manifest.run_id}: {manifest.status.value}, manifest {manifest.artifact_ids.run_manifest}"


def _counts_line(outcome: BuildOutcome) -> str:
    report = outcome.report
    outcomes = report.outcomes if report is not None else ()
    counts = {status: sum(1 for each in outcomes if each.status is status) for status in TaskStatus}
    labels = {TaskStatus.SUCCEEDED: "built"}
    parts = [f"{number:,} {labels.get(status, status.value)}" for status, number in counts.items() if number]
    seconds = report.seconds if report is not None else 0.0
    return f"{', '.join(parts) or 'nothing to do'} in {duration(seconds)}{_forecast(outcome)}"


def _forecast(outcome: BuildOutcome) -> str:
    """Give the predicted makespan, where everything was built and the slots are among those forecast."""
    if outcome.planned is None or outcome.choice is None or outcome.report is None:
        return ""
    if any(each.status is not TaskStatus.SUCCEEDED for each in outcome.report.outcomes):
        return ""
    slots = 1 if outcome.choice.mode == "deterministic_serial" else outcome.choice.config.max_tasks
    for forecast in outcome.planned.schedule.forecasts:
        if forecast.workers == slots:
            return f" (predicted {duration(forecast.makespan_seconds)} on {count(slots, 'worker')})"
    return ""


def _critical_path(outcome: BuildOutcome, built: dict[str, TaskOutcome]) -> Iterator[str]:
    if outcome.planned is None:
        return
    schedule = outcome.planned.schedule
    actual = [built[name].seconds for name in schedule.critical_path_tasks if name in built]
    measured = [seconds for seconds in actual if seconds is not None]
    line = f"critical path: predicted {duration(schedule.critical_path_length_weighted)}"
    if measured:
        missing = len(actual) - len(measured)
        note = f", {missing} of its tasks did not run" if missing else ""
        line += f", actual {duration(sum(measured))}{note}"
    yield line


def _slowest(outcome: BuildOutcome, outcomes: tuple[TaskOutcome, ...]) -> Iterator[str]:
    if outcome.planned is None:
        return
    ran = [
        (each.seconds, each) for each in outcomes if each.status is TaskStatus.SUCCEEDED and each.seconds is not None
    ]
    ran.sort(key=lambda pair: (-pair[0], pair[1].task))
    if not ran:
        return
    shown = ran[:SLOWEST]
    width = max(len(each.task) for _, each in shown)
    yield f"{'slowest tasks':<{width + 2}}  {'predicted':>9}  {'actual':>9}  {'rows':>12}"
    for seconds, each in shown:
        predicted = outcome.planned.schedule.task_costs[each.task]
        rows = each.metrics.rows_out if each.metrics is not None else None
        shown_rows = f"{rows:,}" if rows is not None and not each.checks else ""
        yield f"  {each.task:<{width}}  {duration(predicted):>9}  {duration(seconds):>9}  {shown_rows:>12}".rstrip()
