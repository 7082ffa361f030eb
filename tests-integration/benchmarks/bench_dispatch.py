"""What dispatching costs: tasks that do nothing, in each way of running them, beside bare pools and Hamilton.

The graph is a binary tree: task n waits for task (n - 1) // 2. A bare pool submits a task when its producer is done,
without order, events, routing or results. Each figure is milliseconds per task; `CPU` is the driver's processor time.

Run with `nox -s bench -- bench_dispatch`.
"""

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from pathlib import Path

from hamilton import driver, node
from hamilton.execution import executors
from hamilton.execution.executors import SynchronousLocalTaskExecutor
from msgspec.structs import replace

from plan_contracts import (
    ExecutionMode,
    ExecutorConfig,
    ExecutorKind,
    ResultStatus,
    TaskMetrics,
    TaskRequest,
    TaskResult,
    WorkerLimits,
    decode_msgpack,
    encode_msgpack,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec import execute_plan
from plan_exec.hamilton_seam import _TaskNodes
from plan_exec.testing import Scenario, scenario

SIZES = (100, 1_000, 10_000)
SLOTS = 2
RUNTIME = "bench_dispatch:NoOpRuntime"


class NoOpRuntime:
    """Succeeds without outputs."""

    def start(self, limits: WorkerLimits) -> None:
        """Do nothing."""

    def run(self, request: bytes) -> bytes:
        """Answer at once."""
        asked = decode_msgpack(request, TaskRequest)
        result = TaskResult(
            run_id=asked.run_id,
            task=asked.task,
            attempt=asked.attempt,
            status=ResultStatus.SUCCEEDED,
            metrics=TaskMetrics(wall_seconds=0.0),
            worker="no-op",
        )
        return encode_msgpack(result)

    def spill(self, uri: str) -> None:
        """Do nothing."""

    def release(self, uri: str) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


def tree(count: int, folder: Path) -> Scenario:
    """Make a tree of tasks that have neither inputs nor outputs on disk."""
    names = [f"t{index:05}" for index in range(count)]
    made = scenario(";".join(f"{names[(index - 1) // 2]} -> {names[index]}" for index in range(1, count)), folder)
    return Scenario(
        schedule=made.schedule,
        requests={name: replace(request, inputs=(), outputs=()) for name, request in made.requests.items()},
        tasks=replace(made.tasks, tasks=tuple(replace(task, outputs=()) for task in made.tasks.tasks)),
        committer=made.committer,
        folder=folder,
    )


def dispatched(given: Scenario, kind: ExecutorKind | None) -> None:
    """Run the tasks through the dispatcher."""
    report = execute_plan(
        given.schedule,
        given.requests,
        given.tasks,
        RUNTIME,
        RecordingSink(),
        given.committer,
        FakeClock(),
        ExecutionMode.PLAN_PARALLEL if kind else ExecutionMode.DETERMINISTIC_SERIAL,
        ExecutorConfig(kind=kind, max_tasks=SLOTS) if kind else None,
        full=True,
    )
    assert {outcome.status.value for outcome in report.outcomes} == {"succeeded"}


def work(request: bytes) -> bytes:
    """Do what a worker does."""
    return NoOpRuntime().run(request)


def bare(given: Scenario, pool: Executor) -> None:
    """Run the tasks through a pool that knows nothing of schedules."""
    requests = [encode_msgpack(request) for request in given.requests.values()]
    running: dict[Future[bytes], int] = {pool.submit(work, requests[0]): 0}
    while running:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            task = running.pop(future)
            decode_msgpack(future.result(), TaskResult)
            for below in (2 * task + 1, 2 * task + 2):
                if below < len(requests):
                    running[pool.submit(work, requests[below])] = below
    pool.shutdown()


def with_hamilton(count: int, make: Callable[[], executors.TaskExecutor]) -> None:
    """Run as many functions through Hamilton's task-based executor."""
    nodes: list[node.Node] = []
    for index in range(count):
        inputs = {f"t{(index - 1) // 2:05}": int} if index else {}
        nodes.append(node.Node(name=f"t{index:05}", typ=int, callabl=lambda **_: 1, input_types=inputs))
    built = (
        driver.Builder()
        .enable_dynamic_execution(allow_experimental_mode=True)
        .with_local_executor(make())
        .with_remote_executor(make())
        .with_materializers(_TaskNodes(nodes))
        .build()
    )
    built.execute([f"t{count - 1:05}", *(f"t{index:05}" for index in range(count // 2, count - 1))])


def measure(name: str, count: int, run: Callable[[], object]) -> None:
    """Print wall and processor time per task."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"  {name:<38} {wall / count * 1e3:8.3f} ms   CPU {cpu / count * 1e3:7.3f} ms")


def compare(count: int) -> None:
    """Measure each way; Hamilton is left out where it would take minutes, since its cost grows with the tasks."""
    with tempfile.TemporaryDirectory() as folder:
        given = tree(count, Path(folder))
        measure("plan-exec, serial", count, lambda: dispatched(given, None))
        measure("plan-exec, threads", count, lambda: dispatched(given, ExecutorKind.THREADPOOL))
        measure("plan-exec, processes (start included)", count, lambda: dispatched(given, ExecutorKind.MULTIPROCESSING))
        measure("bare threads", count, lambda: bare(given, ThreadPoolExecutor(SLOTS)))
        measure("bare processes (start included)", count, lambda: bare(given, process_pool()))
    if count <= 1_000:
        measure("Hamilton, in line", count, lambda: with_hamilton(count, SynchronousLocalTaskExecutor))
        measure("Hamilton, threads", count, lambda: with_hamilton(count, hamilton_threads))


def process_pool() -> Executor:
    """Give worker processes that are started as plan-exec's are."""
    return ProcessPoolExecutor(SLOTS, mp_context=multiprocessing.get_context("forkserver"))


def hamilton_threads() -> executors.TaskExecutor:
    """Give Hamilton's threads."""
    return executors.MultiThreadingExecutor(SLOTS)


def main() -> None:
    """Print the table."""
    for count in SIZES:
        print(f"{count:,} tasks, {SLOTS} slots")
        compare(count)


if __name__ == "__main__":
    main()
