"""The engine as workers see it: bytes of a request in, bytes of a result out."""

import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from datafusion import SessionContext

from plan_contracts import (
    WIRE_PROTOCOL,
    CheckWork,
    ErrorPayload,
    PlanError,
    PythonWork,
    ResultStatus,
    ScanWork,
    TaskMetrics,
    TaskRequest,
    TaskResult,
    WorkerLimits,
    decode_msgpack,
    encode_msgpack,
)
from plan_engine.check_runner import CheckRun, run_checks
from plan_engine.errors import EngineFailed, WorkNotSupported
from plan_engine.process_usage import peak_memory_bytes
from plan_engine.python_runner import run_python_view
from plan_engine.retained import RetainedResults
from plan_engine.scan_runner import run_scan
from plan_engine.task_outputs import ViewRun
from plan_engine.view_runner import run_views

_Outcome = ViewRun | CheckRun | ErrorPayload
"""What came of a task: what it gave, or why it failed."""


class EngineRuntime:
    """Runs tasks of views and checks in this process; implements the port `WorkerRuntime`.

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
                outcome: _Outcome = self._run(decoded)
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

    def probe(self) -> None:
        """Run the smallest query; it waits as long as other queries hold every thread of the engine."""
        for _ in SessionContext().sql("select 1").execute_stream():
            pass

    def stop(self) -> None:
        """Forget every result."""
        self._retained.clear()

    def _run(self, request: TaskRequest) -> "ViewRun | CheckRun":
        if isinstance(request.work, CheckWork):
            return run_checks(request, request.work, self._retained, self._scratch)
        if isinstance(request.work, PythonWork):
            return run_python_view(request, request.work, self._retained, self._scratch)
        if isinstance(request.work, ScanWork):
            return run_scan(request, request.work, self._retained, self._scratch)
        return run_views(request, self._retained, self._scratch)

    def _check(self, request: TaskRequest) -> None:
        if request.protocol != WIRE_PROTOCOL:
            message = f"The request speaks protocol {request.protocol}, and this worker speaks {WIRE_PROTOCOL}"
            mend = "Install the same version of plan-engine where the build starts and where it runs."
            raise WorkNotSupported(message, subject=request.task, suggestion=mend)
        if os.getpid() != self._pid:
            message = "The engine was started in another process and forked, after which its queries would hang"
            raise WorkNotSupported(message, subject=request.task, suggestion="Start workers by forkserver or spawn.")

    def _result(self, request: TaskRequest, outcome: "_Outcome", usage: "_Usage") -> TaskResult:
        ended = not isinstance(outcome, ErrorPayload)
        outputs = outcome.outputs if isinstance(outcome, ViewRun) else ()
        checks = outcome.results if isinstance(outcome, CheckRun) else ()
        error = outcome.error if isinstance(outcome, CheckRun) else None if ended else outcome
        metrics = TaskMetrics(
            wall_seconds=usage.wall_seconds,
            cpu_seconds=usage.cpu_seconds,
            rows_in=outcome.rows_in if ended else None,
            rows_out=sum(output.rows for output in outputs) if ended else None,
            bytes_read=outcome.bytes_in if ended else None,
            bytes_written=sum(output.bytes for output in outputs) if ended else None,
            peak_memory_bytes=peak_memory_bytes(),
            partitions=request.limits.target_partitions,
            tasks_beside=usage.tasks_beside,
            retained_bytes=self._retained.peak_bytes,
        )
        return TaskResult(
            run_id=request.run_id,
            task=request.task,
            unit=request.unit,
            attempt=request.attempt,
            status=ResultStatus.SUCCEEDED if error is None else ResultStatus.FAILED,
            outputs=outputs,
            checks=checks,
            error=error,
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
