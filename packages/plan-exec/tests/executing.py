"""Running a scenario in each way that there is."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from plan_contracts import (
    Committer,
    Envelope,
    EventSink,
    ExecutionMode,
    ExecutionPolicy,
    ExecutionReport,
    ExecutorConfig,
    ExecutorKind,
    RetryPolicy,
    TaskOutcome,
    TaskStatus,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec import ProgressListener, execute_plan
from plan_exec.hamilton_seam import LifecycleAdapter
from plan_exec.testing import SCRIPTED, Scenario

SERIAL, THREADS, PROCESSES, BOTH = "serial", "threads", "processes", "threads and processes"
WAYS = (SERIAL, THREADS, PROCESSES)
PARALLEL = (THREADS, PROCESSES)

AT_ONCE = ExecutionPolicy(retries=RetryPolicy(base_seconds=0.01, jitter=0.0))
"""Retries that hardly pause."""

_KINDS = {THREADS: ExecutorKind.THREADPOOL, PROCESSES: ExecutorKind.MULTIPROCESSING}


_MODES = {SERIAL: ExecutionMode.DETERMINISTIC_SERIAL, BOTH: ExecutionMode.PLAN_PARALLEL_REMOTE}


def _config(way: str, slots: int) -> ExecutorConfig | None:
    if way == SERIAL:
        return None
    if way == BOTH:
        kind, remote = ExecutorKind.THREADPOOL, ExecutorKind.MULTIPROCESSING
        return ExecutorConfig(kind=kind, max_tasks=slots, remote_kind=remote, remote_max_tasks=slots)
    return ExecutorConfig(kind=_KINDS[way], max_tasks=slots)


def run(
    scenario: Scenario,
    way: str,
    *,
    slots: int = 2,
    runtime: str = SCRIPTED,
    sink: EventSink | None = None,
    committer: Committer | None = None,
    config: ExecutorConfig | None = None,
    policy: ExecutionPolicy = AT_ONCE,
    full: bool = False,
    fail_fast: bool = False,
    adapters: Sequence[LifecycleAdapter] = (),
    progress: ProgressListener | None = None,
) -> ExecutionReport:
    """Execute a scenario to its end."""
    return execute_plan(
        scenario.schedule,
        scenario.requests,
        runtime,
        sink if sink is not None else RecordingSink(),
        committer if committer is not None else scenario.committer,
        FakeClock(),
        _MODES.get(way, ExecutionMode.PLAN_PARALLEL),
        config if config is not None else _config(way, slots),
        tasks=scenario.tasks,
        policy=policy,
        full=full,
        fail_fast=fail_fast,
        adapters=adapters,
        progress=progress,
    )


def run_program(text: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a program of its own to its end; its argument is the folder, and it may import what tests import."""
    program = folder / "program.py"
    program.write_text(text)
    return subprocess.run(
        [sys.executable, str(program), str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def statuses(report: ExecutionReport) -> dict[str, str]:
    """Give how each task ended."""
    return {outcome.task: outcome.status.value for outcome in report.outcomes}


def named(report: ExecutionReport, status: TaskStatus) -> set[str]:
    """Name the tasks that ended in this way."""
    return {outcome.task for outcome in report.outcomes if outcome.status is status}


def outcome_of(report: ExecutionReport, task: str) -> TaskOutcome:
    """Give how one task ended."""
    return next(outcome for outcome in report.outcomes if outcome.task == task)


class BrokenSink:
    """A sink that cannot go on after some events, as on a full disk."""

    def __init__(self, events: int) -> None:
        self._left = events

    def emit(self, event: Envelope) -> None:
        """Take the event, or raise."""
        if self._left == 0:
            raise OSError(28, "No space left on device")
        self._left -= 1

    def flush(self) -> None:
        """Do nothing."""


def in_order(names: Iterable[str], order: Sequence[str]) -> list[str]:
    """Sort names as they stand in an order."""
    return sorted(names, key=order.index)
