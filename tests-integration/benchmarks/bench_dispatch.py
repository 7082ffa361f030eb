"""What dispatching costs: tasks that do nothing, in each way of running them, beside bare pools and Hamilton.

The graph is a binary tree: task n waits for task (n - 1) // 2. A bare pool submits a task when its producer is done,
without order, events, routing or results. Each row is measured in a process of its own, so that its peak is its own.
Its figures are milliseconds per task, the driver's processor time per task, and the most memory that the driver held.

Below the tables: processes beside round trips through a bare pool of the `multiprocess` library, as a ratio.

Run with `nox -s bench -- bench_dispatch`.
"""

import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import multiprocess  # pyright: ignore[reportMissingTypeStubs] - it has no types
from dask import threaded
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
            unit=asked.unit,
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

    def probe(self) -> None:
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
        RUNTIME,
        RecordingSink(),
        given.committer,
        FakeClock(),
        ExecutionMode.PLAN_PARALLEL if kind else ExecutionMode.DETERMINISTIC_SERIAL,
        ExecutorConfig(kind=kind, max_tasks=SLOTS) if kind else None,
        tasks=given.tasks,
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


def with_dask(count: int) -> None:
    """Run as many functions through dask's own scheduler for threads."""
    graph: dict[str, object] = {"t0": (int, 1)}
    graph |= {f"t{index}": (int, f"t{(index - 1) // 2}") for index in range(1, count)}
    threaded.get(graph, list(graph), num_workers=SLOTS)


def on(kind: ExecutorKind | None) -> Callable[[int], None]:
    """Give what runs the tree through the dispatcher on an executor; none is in line."""
    return lambda count: in_a_folder(count, lambda given: dispatched(given, kind))


def in_a_folder(count: int, run: Callable[[Scenario], None]) -> None:
    """Run the tree; its making is not measured."""
    with tempfile.TemporaryDirectory() as folder:
        given = tree(count, Path(folder))
        with measured(count):
            run(given)


def by_itself(run: Callable[[int], None]) -> Callable[[int], None]:
    """Measure what makes its own tasks."""

    def measuring(count: int) -> None:
        with measured(count):
            run(count)

    return measuring


@contextmanager
def measured(count: int) -> Generator[None]:
    """Print wall and processor time per task, and the peak of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(f"{wall / count * 1e3:8.3f} ms   CPU {cpu / count * 1e3:7.3f} ms   peak {peak / 2**20:6.0f} MiB")


ROWS: dict[str, Callable[[int], None]] = {
    "plan-exec, serial": on(None),
    "plan-exec, threads": on(ExecutorKind.THREADPOOL),
    "plan-exec, processes (start included)": on(ExecutorKind.MULTIPROCESSING),
    "plan-exec, Dask (start included)": on(ExecutorKind.DASK),
    "plan-exec, Ray (start included)": on(ExecutorKind.RAY),
    "bare threads": lambda count: in_a_folder(count, lambda given: bare(given, ThreadPoolExecutor(SLOTS))),
    "bare processes (start included)": lambda count: in_a_folder(count, lambda given: bare(given, process_pool())),
    "dask, threads": by_itself(with_dask),
    "Hamilton, in line": by_itself(lambda count: with_hamilton(count, SynchronousLocalTaskExecutor)),
    "Hamilton, threads": by_itself(lambda count: with_hamilton(count, hamilton_threads)),
}

MOST_TASKS = {
    "plan-exec, Dask (start included)": 1_000,
    "Hamilton, in line": 1_000,
    "Hamilton, threads": 1_000,
}
"""Rows that are left out above so many tasks, where they would take minutes; the cost of Hamilton's grows with them."""


def compare(count: int) -> None:
    """Measure each row in a new process."""
    for name in ROWS:
        print(f"  {name:<38} ", end="", flush=True)
        if count > MOST_TASKS.get(name, count):
            print("left out")
            continue
        done = subprocess.run(
            [sys.executable, __file__, name, str(count)], stdout=subprocess.PIPE, text=True, check=True
        )
        print(done.stdout.rstrip())


def process_pool() -> Executor:
    """Give worker processes that are started as plan-exec's are."""
    return ProcessPoolExecutor(SLOTS, mp_context=multiprocessing.get_context("forkserver"))


def hamilton_threads() -> executors.TaskExecutor:
    """Give Hamilton's threads."""
    return executors.MultiThreadingExecutor(SLOTS)


class Pool(Protocol):
    """What is used of the library's pool."""

    def apply_async(
        self, func: Callable[[bytes], bytes], args: tuple[bytes], *, callback: Callable[[bytes], None]
    ) -> object:
        """Run a function in a worker."""
        ...


def round_trips(pool: Pool, requests: list[bytes]) -> None:
    """Run every request through a pool, as many at once as there are slots."""
    answers: SimpleQueue[bytes] = SimpleQueue()
    waiting = iter(requests)
    for request in islice(waiting, SLOTS):
        pool.apply_async(work, (request,), callback=answers.put)
    for _ in requests:
        decode_msgpack(answers.get(), TaskResult)
        for request in islice(waiting, 1):
            pool.apply_async(work, (request,), callback=answers.put)


def against_a_bare_pool(count: int, repeats: int = 3) -> None:
    """Print how long processes take beside `multiprocess.Pool`, started the same way; the best of several each."""
    ours: list[float] = []
    bare_pool: list[float] = []
    context = multiprocess.get_context("forkserver")
    with tempfile.TemporaryDirectory() as folder:
        given = tree(count, Path(folder))
        requests = [encode_msgpack(request) for request in given.requests.values()]
        for _ in range(repeats):
            began = time.perf_counter()
            dispatched(given, ExecutorKind.MULTIPROCESSING)
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            with context.Pool(SLOTS) as pool:
                round_trips(pool, requests)
                bare_pool.append(time.perf_counter() - began)
    ratio = min(ours) / min(bare_pool)
    each, beside = min(ours) / count * 1e3, min(bare_pool) / count * 1e3
    print(f"  processes {each:.3f} ms per task, round trips of a bare pool {beside:.3f} ms: {ratio:.2f}x (goal 1.5x)")


def main() -> None:
    """Print the tables; with a row's name and a number of tasks, that row."""
    if len(sys.argv) == 3:
        ROWS[sys.argv[1]](int(sys.argv[2]))
        return
    for count in SIZES:
        print(f"{count:,} tasks, {SLOTS} slots")
        compare(count)
    print("beside what it is to beat")
    for count in SIZES:
        print(f"  {count:,} tasks:", end="")
        against_a_bare_pool(count)


if __name__ == "__main__":
    main()
