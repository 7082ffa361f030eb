"""Running tasks in warm worker processes, with results handed on by file."""

import signal
import threading
from queue import SimpleQueue

import msgspec

from plan_contracts import WIRE_PROTOCOL, ErrorPayload, ExecutorCapabilities, Placement
from plan_exec.errors import WorkerDied, WorkerStartFailed
from plan_exec.executors.executor import Completion, Completions
from plan_exec.executors.process_pool import Worker, WorkerLauncher
from plan_exec.limits import worker_limits
from plan_exec.worker import Answer, Hello, encode_limits

START_SECONDS = 60.0
"""Longest time that a worker may take to say hello."""

JOIN_SECONDS = 5.0
"""Longest time that a worker may take to end by itself."""

_HELLO = msgspec.msgpack.Decoder(Hello)
_ANSWER = msgspec.msgpack.Decoder(Answer)


class ProcessExecutor:
    """As many worker processes as slots, each behind a thread that sends it one request at a time."""

    def __init__(self, runtime: str, slots: int, scratch_uri: str) -> None:
        self._slots = slots
        self._runtime = runtime
        self._scratch = scratch_uri
        self._jobs: SimpleQueue[tuple[str, bytes] | None] = SimpleQueue()
        self._completions = Completions()
        self._workers: list[Worker] = []
        self._threads: list[threading.Thread] = []

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
            survives_worker_death=False,
        )

    def start(self, completions: Completions) -> None:
        """Start all workers, then wait until each is ready.

        Raises
        ------
        WorkerStartFailed
            When one does not start in time, cannot import the runtime, or speaks another protocol.
        """
        self._completions = completions
        launcher = WorkerLauncher(self._runtime)
        names = [f"process-{index}" for index in range(self._slots)]
        for name in names:
            limits = worker_limits(name, slots=1, shares_memory=False, scratch_uri=self._scratch)
            self._workers.append(launcher.launch(name, encode_limits(limits)))
        try:
            for worker in self._workers:
                _greet(worker)
        except WorkerStartFailed:
            self.stop(at_once=True)
            raise
        for worker in self._workers:
            thread = threading.Thread(target=self._serve, args=(worker,), name=f"plan-exec-{worker.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def submit(self, task: str, request: bytes) -> None:
        """Hand a task to an idle worker."""
        self._jobs.put((task, request))

    def release(self, uri: str) -> None:
        """Nothing is handed on in memory between processes."""

    def stop(self, *, at_once: bool) -> None:
        """End the workers; with `at_once` those in the middle of a task too."""
        for _ in self._threads:
            self._jobs.put(None)
        for worker in self._workers:
            if at_once:
                worker.process.kill()
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        for worker in self._workers:
            worker.pipe.close()
            worker.process.join(JOIN_SECONDS)
            if worker.process.exitcode is None:
                worker.process.kill()
                worker.process.join(JOIN_SECONDS)
        self._workers.clear()
        self._threads.clear()

    def _serve(self, worker: Worker) -> None:
        while (job := self._jobs.get()) is not None:
            completion = _ask(worker, *job)
            self._completions.put(completion)
            if completion.worker_died:
                return


def _greet(worker: Worker) -> None:
    """Wait for the worker's first message."""
    try:
        if not worker.pipe.poll(START_SECONDS):
            raise WorkerStartFailed(
                f"The worker `{worker.name}` did not start within {START_SECONDS:.0f} s", subject=worker.name
            )
        hello = _HELLO.decode(worker.pipe.recv_bytes())
    except (EOFError, ConnectionError) as reason:
        worker.process.join(JOIN_SECONDS)
        message = f"The worker `{worker.name}` {_how_it_ended(worker)} before it was ready"
        raise WorkerStartFailed(message, subject=worker.name) from reason
    except msgspec.DecodeError as reason:
        raise WorkerStartFailed(
            f"The worker `{worker.name}` said something else than hello: {reason}", subject=worker.name
        ) from reason
    if hello.error is not None:
        raise WorkerStartFailed(
            f"The worker `{worker.name}` cannot run tasks: {hello.error.message}", subject=worker.name
        )
    if hello.protocol != WIRE_PROTOCOL:
        message = f"The worker `{worker.name}` speaks protocol {hello.protocol}, and this dispatcher {WIRE_PROTOCOL}"
        raise WorkerStartFailed(
            message, subject=worker.name, suggestion="Install the same version of plan-exec in both places."
        )


def _ask(worker: Worker, task: str, request: bytes) -> Completion:
    """Send a request and wait for its answer, or for the worker's end."""
    try:
        worker.pipe.send_bytes(request)
        answer = _ANSWER.decode(worker.pipe.recv_bytes())
    except (EOFError, OSError, msgspec.DecodeError):
        return Completion(task=task, error=_died(worker, task), worker_died=True)
    return Completion(task=task, answer=answer.result, error=answer.error)


def _died(worker: Worker, task: str) -> ErrorPayload:
    worker.process.join(JOIN_SECONDS)
    message = f"The worker process that ran `{task}` {_how_it_ended(worker)}"
    mend = "Look for want of memory in the system's log; fewer slots (`--max-tasks`) need less."
    return WorkerDied(message, subject=task, suggestion=mend).payload()


def _how_it_ended(worker: Worker) -> str:
    code = worker.process.exitcode
    if code is None:
        return "stopped answering"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"exited with code {code}"
