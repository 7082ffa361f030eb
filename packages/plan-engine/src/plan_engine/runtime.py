"""The engine as workers see it: bytes of a request in, bytes of a result out."""

import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from plan_contracts import (
    WIRE_PROTOCOL,
    ErrorPayload,
    PlanError,
    ResultStatus,
    TaskMetrics,
    TaskRequest,
    TaskResult,
    WorkerLimits,
    decode_msgpack,
    encode_msgpack,
)
from plan_engine.errors import EngineFailed, WorkNotSupported
from plan_engine.process_usage import peak_memory_bytes
from plan_engine.retained import RetainedResults
from plan_engine.view_runner import ViewRun, run_views


class EngineRuntime:
    """Runs tasks of SQL views in this process; implements the port `WorkerRuntime`.

    Several threads may run tasks at once. Results are kept in memory for consumers of the same process up to the budget
    that `start` sets; beyond it they are handed on by file alone.
    """

    def __init__(self) -> None:
        self._worker = "worker"
        self._retained = RetainedResults("worker", 0)
        self._load = _Load()
        self._scratch = Path()
        self._pid = os.getpid()

    def start(self, limits: WorkerLimits) -> None:
        """Set the limits of this process."""
        self._worker = limits.worker
        self._retained = RetainedResults(limits.worker, limits.retain_bytes)
        self._scratch = Path(limits.scratch_uri)

    def run(self, request: bytes) -> bytes:
        """Run one task; a failure is a result, not an exception.

        Parameters
        ----------
        request
            An encoded `TaskRequest`.

        Returns
        -------
        bytes
            An encoded `TaskResult`.

        Raises
        ------
        DocumentRefused
            When the bytes are no request.
        """
        decoded = decode_msgpack(request, TaskRequest)
        with self._load.measured() as usage:
            try:
                self._check(decoded)
                outcome: ViewRun | ErrorPayload = run_views(decoded, self._retained, self._scratch)
            except PlanError as error:
                outcome = error.payload()
            except Exception as error:  # noqa: BLE001 - whatever a library raises, the dispatcher gets an answer
                message = f"The task `{decoded.task}` failed: {type(error).__name__}: {error}"
                outcome = EngineFailed(message, subject=decoded.task).payload()
        return encode_msgpack(self._result(decoded, outcome, usage))

    def spill(self, uri: str) -> None:
        """Drop the in-memory copy of a result; its staged file stays."""
        self._retained.release(uri)

    def release(self, uri: str) -> None:
        """Forget a result; unknown ones are ignored."""
        self._retained.release(uri)

    def stop(self) -> None:
        """Forget every result."""
        self._retained.clear()

    def _check(self, request: TaskRequest) -> None:
        if request.protocol != WIRE_PROTOCOL:
            message = f"The request speaks protocol {request.protocol}, and this worker speaks {WIRE_PROTOCOL}"
            mend = "Install the same version of plan-engine where the build starts and where it runs."
            raise WorkNotSupported(message, subject=request.task, suggestion=mend)
        if os.getpid() != self._pid:
            message = "The engine was started in another process and forked, after which its queries would hang"
            raise WorkNotSupported(message, subject=request.task, suggestion="Start workers by forkserver or spawn.")

    def _result(self, request: TaskRequest, outcome: ViewRun | ErrorPayload, usage: "_Usage") -> TaskResult:
        failed = isinstance(outcome, ErrorPayload)
        outputs = () if failed else outcome.outputs
        metrics = TaskMetrics(
            wall_seconds=usage.wall_seconds,
            cpu_seconds=usage.cpu_seconds,
            rows_in=None if failed else outcome.rows_in,
            rows_out=None if failed else sum(output.rows for output in outputs),
            bytes_read=None if failed else outcome.bytes_in,
            bytes_written=None if failed else sum(output.bytes for output in outputs),
            peak_memory_bytes=peak_memory_bytes(),
            partitions=request.limits.target_partitions,
            tasks_beside=usage.tasks_beside,
        )
        return TaskResult(
            run_id=request.run_id,
            task=request.task,
            attempt=request.attempt,
            status=ResultStatus.FAILED if failed else ResultStatus.SUCCEEDED,
            outputs=outputs,
            error=outcome if failed else None,
            metrics=metrics,
            worker=self._worker,
        )


class _Usage:
    """Time that one task took; CPU time only where it was alone in the process all the while."""

    def __init__(self, tasks_beside: int, starts: int) -> None:
        self.tasks_beside = tasks_beside
        self.starts = starts
        self.wall_seconds = 0.0
        self.cpu_seconds: float | None = None


class _Load:
    """How many tasks run in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._starts = 0

    @contextmanager
    def measured(self) -> Generator[_Usage]:
        """Measure the block as one task."""
        with self._lock:
            self._starts += 1
            usage = _Usage(self._running, self._starts)
            self._running += 1
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield usage
        finally:
            usage.wall_seconds = time.perf_counter() - wall
            with self._lock:
                self._running -= 1
                alone = usage.tasks_beside == 0 and self._starts == usage.starts
            if alone:
                usage.cpu_seconds = time.process_time() - cpu
