"""What a unit of a scan costs: ten, hundreds and thousands of them, in each local way of running.

Each unit stages a few bytes, so the figures are those of expanding, dispatching, verifying, keeping and collecting.
The start of the executor is included, which weighs with few units. The ratio compares the most units with a hundred.
The last row makes the same folders and files without anything else: a disk may take longer for them than all the rest,
and differently from minute to minute. With `TMPDIR` in memory the figures are those of the code.

Run with `nox -s bench -- bench_scan_units`.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench_dispatch import NoOpRuntime
from msgspec.structs import replace

from plan_contracts import (
    ExecutionMode,
    ExecutorConfig,
    ExecutorKind,
    ScanUnitFinished,
    StagedOutput,
    TaskRequest,
    TaskResult,
    decode_msgpack,
    encode_msgpack,
)
from plan_contracts.testing import FakeClock, RecordingSink, staged_file
from plan_exec import execute_plan
from plan_exec.testing import scenario

SIZES = (10, 100, 1_000, 5_000)
SLOTS = 2
WAYS = {"serial": None, "threads": ExecutorKind.THREADPOOL, "processes": ExecutorKind.MULTIPROCESSING}


class SmallFileRuntime(NoOpRuntime):
    """Stages a few bytes for each output."""

    def run(self, request: bytes) -> bytes:
        """Write the files, and say where they are."""
        asked = decode_msgpack(request, TaskRequest)
        result = replace(
            decode_msgpack(super().run(request), TaskResult),
            outputs=tuple(self._stage(asked, view) for view in asked.outputs),
        )
        return encode_msgpack(result)

    def _stage(self, asked: TaskRequest, view: str) -> StagedOutput:
        return staged_file(view, Path(asked.stage_uri) / f"{asked.unit or view}.rows", b"rows", rows=1)


def per_unit(count: int, kind: ExecutorKind | None) -> float:
    """Run a scan and one reader; give the milliseconds per unit."""
    with tempfile.TemporaryDirectory() as folder:
        given = scenario("d -> v", Path(folder), scans={"d": count})
        sink = RecordingSink()
        began = time.perf_counter()
        report = execute_plan(
            given.schedule,
            given.requests,
            "bench_scan_units:SmallFileRuntime",
            sink,
            given.committer,
            FakeClock(),
            ExecutionMode.PLAN_PARALLEL if kind else ExecutionMode.DETERMINISTIC_SERIAL,
            ExecutorConfig(kind=kind, max_tasks=SLOTS) if kind else None,
            tasks=given.tasks,
            full=True,
        )
        seconds = time.perf_counter() - began
    assert {outcome.status.value for outcome in report.outcomes} == {"succeeded"}, report.outcomes
    assert len(sink.of_type(ScanUnitFinished)) == count
    return seconds / count * 1e3


def files_alone(count: int) -> float:
    """Write, move and remove a file for each unit, in a folder of its own; give the milliseconds per unit."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for unit in range(count):
            staged, kept = Path(folder) / f"{unit}.rows", Path(folder) / f"{unit}"
            staged.write_bytes(b"rows")
            kept.mkdir()
            staged.replace(kept / "rows")
    return (time.perf_counter() - began) / count * 1e3


def main() -> None:
    """Print the table: the best of three each."""
    per_unit(1, ExecutorKind.THREADPOOL)  # Hamilton is imported once
    print(f"ms per unit, {SLOTS} slots" + "".join(f"{count:>10,}" for count in SIZES) + "   5,000 to 100")
    ways: dict[str, Callable[[int], float]] = {name: partial(per_unit, kind=kind) for name, kind in WAYS.items()}
    for name, per in {**ways, "the files alone": files_alone}.items():
        figures = [min(per(count) for _ in range(3)) for count in SIZES]
        ratio = figures[-1] / figures[1]
        print(f"  {name:<20}" + "".join(f"{figure:10.3f}" for figure in figures) + f"   {ratio:10.2f}x")


if __name__ == "__main__":
    main()
