"""What dispatching to Dask and Ray costs, beside submitting the same function directly to the same cluster.

The tasks do nothing and form a binary tree. Two are in flight at any time, on two worker processes. Joining the cluster
is measured by a run of two tasks, and left out of the cost of each task; so is the start of worker processes, for which
each way runs once unmeasured before it is measured. `CPU` is the driver's processor time.

Run with `nox -s bench -- bench_clusters`.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import distributed
from bench_dispatch import RUNTIME, tree, work

from plan_contracts import (
    DaskSettings,
    ExecutionMode,
    ExecutorConfig,
    ExecutorKind,
    RaySettings,
    TaskResult,
    decode_msgpack,
    encode_msgpack,
)
from plan_contracts.testing import FakeClock, RecordingSink
from plan_exec import execute_plan
from plan_exec.executors.ray_cluster import join_ray
from plan_exec.testing import Scenario
from plan_exec.testing.clusters import dask_processes, ray_processes

SIZES = (100, 1_000)
ROUNDS = 5
SLOTS = 2


def dispatched(given: Scenario, config: ExecutorConfig) -> None:
    """Run the tasks through the dispatcher."""
    report = execute_plan(
        given.schedule,
        given.requests,
        RUNTIME,
        RecordingSink(),
        given.committer,
        FakeClock(),
        ExecutionMode.PLAN_PARALLEL,
        config,
        tasks=given.tasks,
        full=True,
    )
    assert {outcome.status.value for outcome in report.outcomes} == {"succeeded"}


def down_the_tree(requests: list[bytes], submit: Callable[[int, bytes], None], ended: Callable[[], int]) -> None:
    """Keep as many tasks in flight as there are slots; a task is ready when the one above it has ended."""
    ready, flying = [0], 0
    while ready or flying:
        while ready and flying < SLOTS:
            task = ready.pop(0)
            submit(task, requests[task])
            flying += 1
        done, flying = ended(), flying - 1
        ready.extend(below for below in (2 * done + 1, 2 * done + 2) if below < len(requests))


def directly_to_dask(client: distributed.Client, requests: list[bytes]) -> None:
    """Submit the function that a worker runs, and read its results as they come."""
    completed = distributed.as_completed([], loop=client.loop, with_results=True)
    numbers: dict[str, int] = {}

    def submit(task: int, request: bytes) -> None:
        future = client.submit(work, request, pure=False)
        numbers[future.key] = task
        completed.add(future)

    def ended() -> int:
        future, result = next(completed)
        decode_msgpack(result, TaskResult)
        return numbers.pop(future.key)

    down_the_tree(requests, submit, ended)


def directly_to_ray(requests: list[bytes]) -> None:
    """Submit the function that a worker runs, and read its results as they come."""
    import ray  # only now: what it listens on is decided when it is imported, by whoever joins the cluster

    remote = ray.remote(max_retries=0)(work)
    numbers: dict[ray.ObjectRef, int] = {}

    def submit(task: int, request: bytes) -> None:
        numbers[remote.remote(request)] = task

    def ended() -> int:
        done, _ = ray.wait(list(numbers), num_returns=1)
        decode_msgpack(ray.get(done[0]), TaskResult)
        return numbers.pop(done[0])

    down_the_tree(requests, submit, ended)


def warm(run: Callable[[], None]) -> tuple[float, float]:
    """Measure a run that has all the worker processes that it needs, since another went before it."""
    run()
    return measure(run)


def measure(run: Callable[[], None]) -> tuple[float, float]:
    """Give wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def compare(name: str, config: ExecutorConfig, directly: Callable[[list[bytes]], None], folder: Path) -> None:
    """Print both ways in turn, the best of some rounds each, and their ratio."""
    two = tree(2, folder / "two")
    joining = min(measure(lambda: dispatched(two, config)) for _ in range(ROUNDS))
    print(f"{name}: joining the cluster, two tasks and leaving {joining[0]:.2f} s")
    for count in SIZES:
        given = tree(count, folder / f"{count}")
        requests = [encode_msgpack(request) for request in given.requests.values()]
        runs = [(warm(partial(directly, requests)), warm(partial(dispatched, given, config))) for _ in range(ROUNDS)]
        bare_wall, bare_cpu = (seconds / count * 1e3 for seconds in min(bare for bare, _ in runs))
        best = min(ours for _, ours in runs)
        wall, cpu = ((seconds - once) / count * 1e3 for seconds, once in zip(best, joining, strict=True))
        print(f"{name}: {count:>5,} tasks, directly  {bare_wall:7.3f} ms, CPU {bare_cpu:6.3f} ms")
        print(f"{name}: {count:>5,} tasks, plan-exec {wall:7.3f} ms, CPU {cpu:6.3f} ms, ratio {wall / bare_wall:.2f}")


def clusters(folder: Path) -> Iterator[tuple[str, ExecutorConfig, Callable[[list[bytes]], None]]]:
    """Start each cluster, and give how to use it."""
    with dask_processes(folder, workers=SLOTS) as cluster:
        settings = DaskSettings(address=cluster.address)
        config = ExecutorConfig(kind=ExecutorKind.DASK, max_tasks=SLOTS, dask=settings)
        with distributed.Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(SLOTS)
            yield "dask", config, lambda requests: directly_to_dask(client, requests)
    with ray_processes(folder, cores=SLOTS) as cluster:
        joined = join_ray(RaySettings(address=cluster.address, token_file=str(cluster.token_file)), cluster.address)
        yield "ray", ExecutorConfig(kind=ExecutorKind.RAY, max_tasks=SLOTS), directly_to_ray
        joined.close()


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        for name, config, directly in clusters(Path(folder)):
            compare(name, config, directly, Path(folder) / name)


if __name__ == "__main__":
    main()
