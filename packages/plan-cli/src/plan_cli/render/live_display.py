"""The progress of a build on a terminal. Only imported there: what draws the bar takes a while to import."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from plan_cli.building import BuildListener, BuildOutcome
from plan_cli.render.places import ProjectPlaces
from plan_cli.render.progress import outcome_line, show_plan, show_validation
from plan_contracts import TaskOutcome, TaskStatus

_STYLES = {
    TaskStatus.SUCCEEDED: "green",
    TaskStatus.REUSED: "cyan",
    TaskStatus.FAILED: "bold red",
    TaskStatus.SKIPPED: "yellow",
    TaskStatus.HELD: "yellow",
}


class LiveDisplay(BuildListener):
    """A bar over all tasks and the names of those that run; finished tasks scroll above it."""

    def __init__(self, console: Console, places: ProjectPlaces) -> None:
        self._console = console
        self._places = places
        self._running: dict[str, None] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[running]}", style="dim"),
            console=console,
            transient=True,
        )
        self._bar = self._progress.add_task("planning", total=None, running="")

    @contextmanager
    def showing(self) -> Generator["LiveDisplay"]:
        """Show the display for the duration of the block."""
        with self._progress:
            yield self

    def admitted(self, outcome: BuildOutcome) -> None:
        """Show what does not fit."""
        show_validation(self._console, outcome, self._places)

    def planned(self, outcome: BuildOutcome) -> None:
        """Show the plan and the length of the bar."""
        show_plan(self._console, outcome)
        planned = outcome.planned
        total = planned.schedule.task_count if planned is not None else 0
        self._progress.update(self._bar, description="building", total=total)

    def task_started(self, task: str) -> None:
        """Add the task to those that run."""
        self._running[task] = None
        self._show_running()

    def task_finished(self, outcome: TaskOutcome) -> None:
        """Scroll the task's line and advance the bar."""
        self._running.pop(outcome.task, None)
        self._console.print(outcome_line(outcome), style=_STYLES[outcome.status], markup=False)
        self._progress.advance(self._bar)
        self._show_running()

    def _show_running(self) -> None:
        shown = list(self._running)[:4]
        more = f" +{len(self._running) - len(shown)}" if len(self._running) > len(shown) else ""
        self._progress.update(self._bar, running=", ".join(shown) + more)
