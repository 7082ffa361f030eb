"""Running tasks in warm worker processes, with results handed on by file."""

import threading
import time
from queue import SimpleQueue

import msgspec

from plan_contracts import ExecutorCapabilities, Placement, WorkerLimits
from plan_exec.errors import ExecutorGone, WorkerDied, WorkerStartFailed
from plan_exec.executors.executor import Attempt, Completion, Completions, ExecutorLost
from plan_exec.executors.greeting import StartInterrupted, greet, how_it_ended
from plan_exec.executors.process_pool import Worker, WorkerLauncher
from plan_exec.worker import Answer, encode_limits

JOIN_SECONDS = 5.0
"""Longest time that a worker may take to end by itself."""

START_ATTEMPTS = 3
"""Tries at starting a worker, each after a longer pause, when it is ended before it is ready."""

_ANSWER = msgspec.msgpack.Decoder(Answer)


class ProcessExecutor:
    """As many worker processes as slots, each behind a thread that sends it one request at a time.

    A worker that dies is replaced by its thread; what the others run goes on meanwhile.

    Parameters
    ----------
    runtime
        `module:attribute` of the runtime.
    slots
        Worker processes.
    scratch_uri
        Folder for spilled data.
    tasks_per_worker
        Tasks after which a worker is replaced; none keeps it.
    worker_memory_bytes
        Memory above which a worker is replaced after a task; none keeps it.
    """

    def __init__(
        self,
        runtime: str,
        slots: int,
        scratch_uri: str,
        *,
        tasks_per_worker: int | None = None,
        worker_memory_bytes: int | None = None,
    ) -> None:
        self._slots = slots
        self._runtime = runtime
        self._scratch = scratch_uri
        self._tasks_per_worker = tasks_per_worker
        self._worker_memory_bytes = worker_memory_bytes
        self._launcher = WorkerLauncher(runtime)
        self._jobs: SimpleQueue[tuple[Attempt, bytes] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._workers: list[Worker] = []
        self._launched = 0
        self._at_work: dict[Attempt, Worker] = {}
        self._given_up: set[Attempt] = set()
        self._stopping = False

    @property
    def slots(self) -> int:
        """Tasks that may run at once."""
        return self._slots

    def capabilities(self) -> ExecutorCapabilities:
        """Say what it can do with a task."""
        return ExecutorCapabilities(
            kind=Placement.MULTIPROCESSING,
            can_kill_task=True,
            can_limit_memory=False,
            shares_memory=False,
            survives_worker_death=True,
        )

    def start(self, completions: Completions) -> None:
        """Start all workers, then wait until each is ready.

        Raises
        ------
        WorkerStartFailed
            When one does not start in time, cannot import the runtime, or runs other software.
        """
        launched = [self._launch() for _ in range(self._slots)]
        try:
            ready = [self._greeted(worker) for worker in launched]
        except BaseException:
            for worker in list(self._workers):
                self._end(worker)
            raise
        for worker in ready:
            thread = threading.Thread(
                target=self._serve, args=(worker, completions), name=f"plan-exec-{worker.name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def submit(self, attempt: Attempt, request: bytes) -> None:
        """Hand an attempt to an idle worker."""
        self._jobs.put((attempt, request))

    def cancel(self, attempt: Attempt) -> None:
        """End the worker that runs the attempt; where none does yet, none will."""
        with self._lock:
            worker = self._at_work.get(attempt)
            if worker is None:
                self._given_up.add(attempt)
            else:
                worker.process.kill()

    def spill(self, uri: str) -> None:
        """Nothing is handed on in memory between processes."""

    def release(self, uri: str) -> None:
        """Nothing is handed on in memory between processes."""

    def stop(self, *, at_once: bool) -> None:
        """End the workers; with `at_once` those in the middle of a task too."""
        with self._lock:
            self._stopping = True
            if at_once:
                for worker in self._workers:
                    worker.process.kill()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(2 * JOIN_SECONDS)
        self._threads.clear()

    def _serve(self, worker: Worker, completions: Completions) -> None:
        """Give a worker one attempt after the other; put another in its place when it is gone or spent."""
        while (job := self._jobs.get()) is not None:
            attempt, request = job
            if not self._take(attempt, worker):
                continue
            completion, spent = self._ask(worker, attempt, request)
            with self._lock:
                del self._at_work[attempt]
            completions.put(completion)
            if spent:
                replacement = self._replacement(worker, completions)
                if replacement is None:
                    return
                worker = replacement
        self._dismiss(worker)

    def _take(self, attempt: Attempt, worker: Worker) -> bool:
        with self._lock:
            if attempt in self._given_up:
                self._given_up.discard(attempt)
                return False
            self._at_work[attempt] = worker
            return True

    def _ask(self, worker: Worker, attempt: Attempt, request: bytes) -> tuple[Completion, bool]:
        """Send a request and wait for its answer, or for the worker's end; say whether to replace the worker."""
        try:
            worker.pipe.send_bytes(request)
            answer = _ANSWER.decode(worker.pipe.recv_bytes())
        except (EOFError, OSError, msgspec.DecodeError):
            return self._died(worker, attempt), True
        worker.tasks_done += 1
        completion = Completion(attempt=attempt, answer=answer.result, error=answer.error)
        return completion, self._is_spent(worker, answer.resident_bytes)

    def _is_spent(self, worker: Worker, resident_bytes: int) -> bool:
        worn = self._tasks_per_worker is not None and worker.tasks_done >= self._tasks_per_worker
        grown = self._worker_memory_bytes is not None and resident_bytes > self._worker_memory_bytes
        return worn or grown

    def _died(self, worker: Worker, attempt: Attempt) -> Completion:
        worker.process.join(JOIN_SECONDS)
        message = f"The worker process that ran `{attempt.task}` {how_it_ended(worker)}"
        mend = "Look for want of memory in the system's log; fewer slots (`--max-tasks`) need less."
        return Completion(attempt=attempt, error=WorkerDied(message, subject=attempt.task, suggestion=mend).payload())

    def _replacement(self, gone: Worker, completions: Completions) -> Worker | None:
        """Start a worker in the place of one that is gone.

        Without one its slot is closed, and with the last slot the executor is lost.
        """
        self._dismiss(gone)
        try:
            return None if self._stopping else self._greeted(self._launch())
        except WorkerStartFailed as failed:
            error = failed
        with self._lock:
            self._slots -= 1
            last = self._slots == 0
        if last and not self._stopping:
            gone_for_good = ExecutorGone(f"No worker process can be started any more: {error.message}")
            completions.put(ExecutorLost(executor=Placement.MULTIPROCESSING, error=gone_for_good.payload()))
        return None

    def _greeted(self, worker: Worker) -> Worker:
        """Wait until a worker is ready; put another in its place, a few times, when it is ended before."""
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                greet(worker, self._runtime)
            except StartInterrupted:
                self._end(worker)
                if attempt == START_ATTEMPTS or self._stopping:
                    raise
                time.sleep(0.1 * attempt)
                worker = self._launch()
            except WorkerStartFailed:
                self._end(worker)
                raise
            else:
                break
        return worker

    def _end(self, worker: Worker) -> None:
        worker.process.kill()
        self._dismiss(worker)

    def _launch(self) -> Worker:
        with self._lock:
            name = f"process-{self._launched}"
            self._launched += 1
        limits = WorkerLimits(worker=name, scratch_uri=self._scratch)
        worker = self._launcher.launch(name, encode_limits(limits))
        with self._lock:
            self._workers.append(worker)
            if self._stopping:
                worker.process.kill()
        return worker

    def _dismiss(self, worker: Worker) -> None:
        """Let a worker end, and see to it that it does."""
        with self._lock:
            if worker in self._workers:
                self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(JOIN_SECONDS)
        if worker.process.exitcode is None:
            worker.process.kill()
            worker.process.join(JOIN_SECONDS)
