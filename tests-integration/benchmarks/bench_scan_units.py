"""What a unit of a scan costs: ten, hundreds and thousands of them, in each local way of running.

Each unit stages a few bytes, so the figures are those of expanding, dispatching, verifying, keeping and collecting.
The start of the executor is included, which weighs with few units. The ratio compares the most units with a hundred.

Run with `nox -s bench -- bench_scan_units`.
"""

import tempfile
import time
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
            given.tasks,
            "bench_scan_units:SmallFileRuntime",
            sink,
            given.committer,
            FakeClock(),
            ExecutionMode.PLAN_PARALLEL if kind else ExecutionMode.DETERMINISTIC_SERIAL,
            ExecutorConfig(kind=kind, max_tasks=SLOTS) if kind else None,
            full=True,
        )
        seconds = time.perf_counter() - began
    assert {outcome.status.value for outcome in report.outcomes} == {"succeeded"}, report.outcomes
    assert len(sink.of_type(ScanUnitFinished)) == count
    return seconds / count * 1e3


def main() -> None:
    """Print the table: the best of three each."""
    per_unit(1, ExecutorKind.THREADPOOL)  # Hamilton is imported once
    print(f"ms per unit, {SLOTS} slots" + "".join(f"{count:>10,}" for count in SIZES) + "   5,000 to 100")
    for name, kind in WAYS.items():
        figures = [min(per_unit(count, kind) for _ in range(3)) for count in SIZES]
        ratio = figures[-1] / figures[1]
        print(f"  {name:<20}" + "".join(f"{figure:10.3f}" for figure in figures) + f"   {ratio:10.2f}x")


if __name__ == "__main__":
    main()
