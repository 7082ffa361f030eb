"""What a run on a cluster has in common, whichever library carries it: what workers are told, and what they answer."""

import secrets

import msgspec

from plan_contracts import WIRE_PROTOCOL, ErrorPayload, WorkerLimits
from plan_exec.errors import ScratchUnreachable, WorkerStartFailed
from plan_exec.executors.cluster_calls import in_short
from plan_exec.executors.cluster_worker import ClusterOrder
from plan_exec.executors.executor import Attempt, Completion
from plan_exec.executors.scratch_probe import ScratchProbe, remove_probe, write_probe
from plan_exec.versions import software_versions
from plan_exec.worker import Answer, Hello

_HELLO = msgspec.msgpack.Decoder(Hello)
_ANSWER = msgspec.msgpack.Decoder(Answer)


class ClusterRun:
    """One run on a cluster.

    Parameters
    ----------
    executor
        The executor's name; workers are named after it.
    runtime
        `module:attribute` of the runtime.
    scratch_uri
        Where results are staged, and data is spilled.
    """

    def __init__(self, executor: str, runtime: str, scratch_uri: str) -> None:
        self.name = secrets.token_hex(8)
        """Random; tells this run's tasks from those of others on the cluster."""
        self._executor = executor
        self._runtime = runtime
        self._scratch = scratch_uri
        self._probe: ScratchProbe | None = None
        self.order = b""
        """What every worker process is told before its first request."""

    def open(self) -> None:
        """Write the probe that workers look for, and the order."""
        self._probe = write_probe(self._scratch)
        self.order = msgspec.msgpack.encode(
            ClusterOrder(
                run=self.name,
                runtime=self._runtime,
                limits=WorkerLimits(worker=self._executor, scratch_uri=self._scratch),
                protocol=WIRE_PROTOCOL,
                versions=dict(software_versions(self._runtime)),
                probe=self._probe,
            )
        )

    def close(self) -> None:
        """Remove the probe."""
        remove_probe(self._probe)


def cores_of(worker: str, hello: object) -> int:
    """Read what a worker said when it was told of the run; an exception stands for one that said nothing.

    Returns
    -------
    int
        Cores that its process may use.

    Raises
    ------
    ScratchUnreachable
        When it does not reach the folder where results are staged.
    WorkerStartFailed
        When it cannot run tasks for another reason, said something else, or nothing.
    """
    if isinstance(hello, TimeoutError):
        message = f"The worker `{worker}` did not start the runtime in time, however often it was tried"
        mend = "Look at the worker's log, and whether its machine has cores and memory to spare."
        raise WorkerStartFailed(message, subject=worker, suggestion=mend)
    try:
        said = _HELLO.decode(hello) if isinstance(hello, bytes) else None
    except msgspec.DecodeError:
        said = None
    if said is None:
        message = f"The worker `{worker}` said something else than hello: {in_short(hello)}"
        mend = "Install the same version of plan-exec, and the runtime, where the build starts and on every worker."
        raise WorkerStartFailed(message, subject=worker, suggestion=mend)
    error = said.error
    if error is None:
        return said.cores
    if error.code == ScratchUnreachable.code:
        raise ScratchUnreachable(error.message, subject=error.subject, suggestion=error.suggestion)
    message = error.message if error.code == WorkerStartFailed.code else _cannot_run(worker, error)
    raise WorkerStartFailed(message, subject=worker, suggestion=error.suggestion)


def completion_of(attempt: Attempt, answered: object) -> Completion:
    """Read a worker's answer to a request."""
    try:
        if not isinstance(answered, bytes):
            raise msgspec.DecodeError(f"it is of type {type(answered).__name__}")
        said = _ANSWER.decode(answered)
    except msgspec.DecodeError as reason:
        message = f"The worker that ran `{attempt.task}` answered something else than an answer: {reason}"
        return Completion(attempt=attempt, error=WorkerStartFailed(message, subject=attempt.task).payload())
    return Completion(attempt=attempt, answer=said.result, error=said.error)


def _cannot_run(worker: str, error: ErrorPayload) -> str:
    return f"The worker `{worker}` cannot run tasks: {error.message}"
