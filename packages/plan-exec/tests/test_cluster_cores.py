"""Partitions of tasks on a cluster follow the cores of its workers, not those of the dispatcher."""

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from plan_contracts import (
    DaskSettings,
    ExecutionMode,
    ExecutorConfig,
    ExecutorKind,
    TaskRequest,
    TaskStatus,
    decode_msgpack,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec import execute_plan
from plan_exec.choice import usable_cores
from plan_exec.executors.dask import DaskExecutor
from plan_exec.executors.executor import Attempt
from plan_exec.limits import cores_per_task
from plan_exec.testing import SCRIPTED, scenario
from plan_exec.testing.clusters import dask_processes


@contextmanager
def one_core() -> Generator[None]:
    """Keep this process, and what it starts, to one core during the block."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class ReadingExecutor(DaskExecutor):
    """Notes the partitions of what it is handed."""

    partitions: dict[str, int]

    def submit(self, attempt: Attempt, request: bytes) -> None:
        """Note, and hand on."""
        self.partitions[attempt.task] = decode_msgpack(request, TaskRequest).limits.target_partitions
        super().submit(attempt, request)


@pytest.mark.timeout(120)
@pytest.mark.skipif(usable_cores() < 2 or not hasattr(os, "sched_setaffinity"), reason="keeps workers to one core")
def test_tasks_on_workers_of_one_core_get_one_partition(tmp_path: Path) -> None:
    given = scenario("a -> b", tmp_path, costs={"a": 5.0, "b": 5.0})
    partitions: dict[str, int] = {}
    with ExitStack() as stack:
        with one_core():
            cluster = stack.enter_context(dask_processes(tmp_path, workers=1))

        def make(runtime: str, slots: int, scratch_uri: str) -> ReadingExecutor:
            executor = ReadingExecutor(runtime, slots, scratch_uri, DaskSettings(address=cluster.address))
            executor.partitions = partitions
            return executor

        report = execute_plan(
            given.schedule,
            given.requests,
            SCRIPTED,
            RecordingSink(),
            given.committer,
            FakeClock(),
            ExecutionMode.PLAN_PARALLEL,
            ExecutorConfig(kind=ExecutorKind.DASK, max_tasks=1),
            tasks=given.tasks,
            executors={ExecutorKind.DASK: make},
        )

    assert {outcome.status for outcome in report.outcomes} == {TaskStatus.SUCCEEDED}
    assert partitions == {"a": 1, "b": 1}
    assert cores_per_task(usable_cores(), 1) > 1  # what the dispatcher's own machine would have given
