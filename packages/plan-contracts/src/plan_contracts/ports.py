"""Ports: what the packages ask of each other. plan-cli wires them; tests use the fakes of `plan_contracts.testing`."""

from collections.abc import Mapping
from typing import Protocol

from plan_contracts.checks import CheckRecord
from plan_contracts.events import Envelope
from plan_contracts.execution import OutputRecord, PublishedOutput, StagedOutput, WorkerLimits
from plan_contracts.history import TaskHistoryEntry


class Clock(Protocol):
    """Time."""

    def unix_ms(self) -> int:
        """Give the time of day in milliseconds since 1970, for records."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never go backwards, for durations."""
        ...


class WorkerRuntime(Protocol):
    """Runs one task at a time per call, in the process that imported it.

    A runtime is named `module:attribute` and imported by each worker; the attribute is a callable without arguments
    that gives the runtime. Calls of `run` may overlap, in threads.
    """

    def start(self, limits: WorkerLimits) -> None:
        """Get ready; called once in each process, before the first `run`."""
        ...

    def run(self, request: bytes) -> bytes:
        """Run the task of an encoded `TaskRequest` and give an encoded `TaskResult`.

        A failing task is a result with status `failed`, never an exception.
        """
        ...

    def spill(self, uri: str) -> None:
        """Drop the in-memory copy of a result whose staged file stays readable."""
        ...

    def release(self, uri: str) -> None:
        """Forget a result; its last consumer is final. Unknown URIs are ignored."""
        ...

    def probe(self) -> None:
        """Do a trifle of the kind that tasks are made of.

        It does not return as long as tasks hold everything that the runtime works with.
        """
        ...

    def stop(self) -> None:
        """Free everything; no call follows."""
        ...


class EventSink(Protocol):
    """Takes the events of one run."""

    def emit(self, event: Envelope) -> None:
        """Record an event with the present time; may buffer it. Safe to call from several threads."""
        ...

    def flush(self) -> None:
        """Make every event so far durable."""
        ...


class Committer(Protocol):
    """Stages, verifies and publishes the outputs of one run. Called by the driver only, from one thread."""

    def stage_uri(self) -> str:
        """Give the folder in which workers stage their attempts."""
        ...

    def reusable(self, view: str, build_key: str) -> PublishedOutput | None:
        """Give the current output of the view if it was built from the same key and its file is still intact."""
        ...

    def verify(self, staged: StagedOutput) -> None:
        """Compare the staged file with what the worker said of it.

        Raises
        ------
        PlanError
            When size, rows or digest differ.
        """
        ...

    def publish(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        """Put the staged file in the place of the view's output, whole or not at all.

        Raises
        ------
        PlanError
            When the output cannot be replaced; the old one is still in place.
        """
        ...

    def cached(self, view: str, build_key: str) -> PublishedOutput | None:
        """Give the temporary result that was kept for the view under this key, if it is still whole."""
        ...

    def keep(self, staged: StagedOutput, build_key: str) -> PublishedOutput:
        """Put the staged file into the cache, whole or not at all; it is no output of the project.

        Raises
        ------
        PlanError
            When it cannot be put there.
        """
        ...

    def discard(self, staged: StagedOutput) -> None:
        """Remove a staged file that will never be published; one that is gone, or lies elsewhere, is left alone."""
        ...

    def release(self, output: PublishedOutput) -> None:
        """Take note that no task of this run reads the output any more; a temporary result may be removed then."""
        ...

    def has_passed(self, subject: str, build_key: str) -> bool:
        """Say whether checks of this key have passed, in this run or before."""
        ...

    def record_passed(self, subject: str, build_key: str) -> None:
        """Put on record that the checks of a dataset or view have passed."""
        ...

    def passed(self) -> tuple[CheckRecord, ...]:
        """Give what datasets and views have passed, sorted by subject: what a manifest lists."""
        ...

    def sync(self) -> None:
        """Make everything that was published survive a loss of power."""
        ...

    def current(self) -> tuple[OutputRecord, ...]:
        """Give every current output of the project, sorted by name: what a manifest lists."""
        ...


class HistorySource(Protocol):
    """What tasks did cost in past runs."""

    def past_entries(self, runs: int) -> Mapping[str, tuple[TaskHistoryEntry, ...]]:
        """Give the entries of the last `runs` runs on this machine by definition, the newest first."""
        ...
