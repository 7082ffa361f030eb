"""How a build shows its progress: a live display on a terminal, one plain line per task elsewhere."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from rich.console import Console

from plan_cli.building import BuildListener, BuildOutcome
from plan_cli.render.console import show_warnings
from plan_cli.render.drift_text import drift_lines
from plan_cli.render.figures import count, duration
from plan_cli.render.places import ProjectPlaces
from plan_cli.render.schedule_text import schedule_summary
from plan_cli.render.validation_text import admission_line, finding_lines, summary_line
from plan_contracts import ErrorPayload, ExecutionMode, ExecutorChoice, TaskOutcome, TaskStatus


class Silent(BuildListener):
    """Shows nothing: for output that machines read."""

    def admitted(self, outcome: BuildOutcome) -> None:
        """Show nothing."""

    def planned(self, outcome: BuildOutcome) -> None:
        """Show nothing."""

    def task_started(self, task: str) -> None:
        """Show nothing."""

    def task_finished(self, outcome: TaskOutcome) -> None:
        """Show nothing."""


class PlainLines(BuildListener):
    """One line per final task, numbered."""

    def __init__(self, console: Console, places: ProjectPlaces) -> None:
        self._console = console
        self._places = places
        self._total = 0
        self._finished = 0

    def admitted(self, outcome: BuildOutcome) -> None:
        """Show what does not fit."""
        show_validation(self._console, outcome, self._places)

    def planned(self, outcome: BuildOutcome) -> None:
        """Show the plan."""
        show_plan(self._console, outcome)
        planned = outcome.planned
        self._total = planned.schedule.task_count if planned is not None else 0

    def task_started(self, task: str) -> None:
        """Show nothing: the end of the task has a line."""

    def task_finished(self, outcome: TaskOutcome) -> None:
        """Show the task's line."""
        self._finished += 1
        width = len(str(self._total))
        # Not through the console, which takes longer to lay out a line than a small task takes to run.
        self._console.file.write(f"[{self._finished:>{width}}/{self._total}] {outcome_line(outcome)}\n")


@contextmanager
def build_display(console: Console, places: ProjectPlaces, *, silent: bool) -> Generator[BuildListener]:
    """Give the display that suits the console."""
    if silent:
        yield Silent()
    elif console.is_terminal:
        from plan_cli.render.live_display import LiveDisplay

        with LiveDisplay(console, places).showing() as live:
            yield live
    else:
        yield PlainLines(console, places)


def show_validation(console: Console, outcome: BuildOutcome, places: ProjectPlaces) -> None:
    """Show everything that does not fit, and who may run."""
    if outcome.validated is not None:
        artifact = outcome.validated.artifact
        for line in (*finding_lines(artifact, places), summary_line(artifact)):
            console.print(line, markup=False)
    if outcome.drift is not None:
        for line in drift_lines(outcome.drift):
            console.print(line, markup=False)
    if outcome.admission is not None and (outcome.admission.held or outcome.admission.refused):
        console.print(admission_line(outcome.admission), markup=False)


def show_plan(console: Console, outcome: BuildOutcome) -> None:
    """Show what is about to run, and where."""
    if outcome.planned is not None:
        for line in schedule_summary(outcome.planned.schedule):
            console.print(line, markup=False)
    if outcome.choice is not None:
        console.print(f"running {_where(outcome.choice)} ({outcome.choice.reason})", markup=False)
    show_warnings(console, outcome.warnings)


def _where(choice: ExecutorChoice) -> str:
    """Say how many tasks run at once, and on what."""
    config = choice.config
    if choice.mode is ExecutionMode.DETERMINISTIC_SERIAL:
        return "one task at a time in this process"
    near = f"{config.max_tasks} at once on {config.kind.value}"
    if choice.mode is ExecutionMode.PLAN_PARALLEL_REMOTE and config.remote_kind is not None:
        return f"{near}, and {config.remote_max_tasks} on {config.remote_kind.value}"
    return near


def outcome_line(outcome: TaskOutcome) -> str:
    """Give one line on a final task, and below it what helps to mend a failed one."""
    parts = [f"{outcome.status.value:<9}", outcome.task]
    given = _given(outcome)
    if given is not None:
        parts.append(given)
    if outcome.status is TaskStatus.SUCCEEDED and outcome.seconds is not None:
        parts.append(duration(outcome.seconds))
    if outcome.error is not None:
        parts.append(outcome.error.message)
    if outcome.cause is not None:
        parts.append(f"because of {outcome.cause}")
    line = "  ".join(parts)
    below = error_lines(outcome.error) if outcome.error is not None else ()
    return "\n".join((line, *(f"      {each}" for each in below)))


def error_lines(error: ErrorPayload) -> Iterator[str]:
    """Give the user's own calls that led to an error, and what to do about it."""
    for frame in error.traceback:
        yield f"{frame.file}:{frame.line} in {frame.function}: {frame.text}"
    if error.suggestion is not None:
        yield f"-> {error.suggestion}"


def _given(outcome: TaskOutcome) -> str | None:
    """Say what a task gave: verdicts, or rows, which a check may still hold back."""
    if outcome.checks:
        passed = sum(1 for check in outcome.checks if check.passed)
        return f"{passed} of {count(len(outcome.checks), 'check')} passed"
    results = (*outcome.outputs, *outcome.temp)
    if results:
        return count(sum(record.rows for record in results), "row")
    rows = outcome.metrics.rows_out if outcome.metrics is not None else None
    return count(rows, "row") if rows is not None and outcome.status is TaskStatus.SUCCEEDED else None
