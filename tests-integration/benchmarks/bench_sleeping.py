"""How well slots are kept busy, and what the driver uses meanwhile: tasks that sleep, where every idle moment shows.

The driver's processor time while it only waits; the makespan of 200 sleeping tasks beside `plan_scheduler.forecast`;
and how long two executors of one slot each take beside the busier one alone.

Run with `nox -s bench -- bench_sleeping`.
"""

import random
import tempfile
import time
from pathlib import Path

from bench_dispatch import NoOpRuntime
from msgspec.structs import replace

from plan_contracts import ExecutionMode, ExecutorConfig, ExecutorKind, TaskRequest, decode_msgpack
from plan_contracts.testing import RecordingSink
from plan_exec import execute_plan
from plan_exec.testing import Scenario, scenario
from plan_scheduler import forecast as predict
from plan_store import SystemClock


class SleepRuntime(NoOpRuntime):
    """Sleeps for as many seconds as the task's name says, in milliseconds."""

    def run(self, request: bytes) -> bytes:
        """Sleep, then answer."""
        asked = decode_msgpack(request, TaskRequest)
        time.sleep(int(asked.task.rpartition("_")[2]) / 1000)
        return super().run(request)


def waiting(seconds: int = 5) -> None:
    """Print the processor time of the driver while one task sleeps."""
    with tempfile.TemporaryDirectory() as folder:
        given = sleeping([seconds * 1000], Path(folder))
        used = time.process_time()
        slept(given, threads(2))
        used = time.process_time() - used
        with_start = used / seconds * 100
        begun = time.process_time()
        slept(sleeping([1], Path(folder) / "short"), threads(2))
        start = time.process_time() - begun
    print(
        f"  waiting: {with_start:.2f} % of a core, of which starting is {start / seconds * 100:.2f} % (goal under 2 %)"
    )


def sleeping(milliseconds: list[int], folder: Path) -> Scenario:
    """Make tasks that sleep, each as long as its name says."""
    names = [f"t{index:03}_{length}" for index, length in enumerate(milliseconds)]
    costs = {name: length / 1000 for name, length in zip(names, milliseconds, strict=True)}
    made = scenario(";".join(names), folder, costs=costs)
    return Scenario(
        schedule=made.schedule,
        requests={name: replace(request, inputs=(), outputs=()) for name, request in made.requests.items()},
        tasks=replace(made.tasks, tasks=tuple(replace(task, outputs=()) for task in made.tasks.tasks)),
        committer=made.committer,
        folder=folder,
    )


def threads(slots: int) -> ExecutorConfig:
    """Give so many threads."""
    return ExecutorConfig(kind=ExecutorKind.THREADPOOL, max_tasks=slots)


def slept(given: Scenario, config: ExecutorConfig, mode: ExecutionMode = ExecutionMode.PLAN_PARALLEL) -> float:
    """Run sleeping tasks; give the seconds."""
    runtime, sink = "bench_sleeping:SleepRuntime", RecordingSink()
    return execute_plan(
        given.schedule,
        given.requests,
        runtime,
        sink,
        given.committer,
        SystemClock(),
        mode,
        config,
        tasks=given.tasks,
        full=True,
    ).seconds


def against_the_forecast() -> None:
    """Print the makespan of 200 sleeping tasks beside what is forecast for them."""
    dice = random.Random(7)
    milliseconds = [dice.randint(20, 120) for _ in range(200)]
    for slots in (2, 4, 8):
        with tempfile.TemporaryDirectory() as folder:
            given = sleeping(milliseconds, Path(folder))
            forecast = predict(given.schedule, given.tasks.edges, workers=[slots])[0].makespan_seconds
            actual = slept(given, threads(slots))
        ratio = actual / forecast
        said = f"{actual:.2f} s, forecast {forecast:.2f} s: {ratio:.3f}x (at most 1.03)"
        print(f"  200 sleeping tasks on {slots} threads: {said}")


def two_executors() -> None:
    """Print how long a thread and a worker process take with tasks of both mixed, beside the process with its own."""
    dice = random.Random(7)
    milliseconds = [dice.choice([dice.randint(20, 60), dice.randint(140, 180)]) for _ in range(80)]
    threshold = 0.1
    process = ExecutorConfig(kind=ExecutorKind.MULTIPROCESSING, max_tasks=1)
    both = replace(threads(1), remote_kind=process.kind, remote_max_tasks=process.max_tasks, cost_threshold=threshold)
    with tempfile.TemporaryDirectory() as folder:
        slept(sleeping([1], Path(folder) / "first"), process)  # the server that forks workers starts once
        long = [each for each in milliseconds if each / 1000 >= threshold]
        alone = slept(sleeping(long, Path(folder) / "alone"), process)
        mixed = slept(sleeping(milliseconds, Path(folder) / "mixed"), both, ExecutionMode.PLAN_PARALLEL_REMOTE)
    print(
        f"  80 mixed tasks on a thread and a worker process: {mixed:.2f} s, the process with its own {len(long)} alone "
        f"{alone:.2f} s: {mixed / alone:.3f}x (1 when neither idles)"
    )


def main() -> None:
    """Print a line for each."""
    waiting()
    against_the_forecast()
    two_executors()


if __name__ == "__main__":
    main()
