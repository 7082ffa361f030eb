"""What runs in the processes of a Dask or Ray cluster: one runtime for each run, which is sent requests as bytes.

The functions here are all that a cluster's library ever pickles; their arguments and results are bytes and names.
"""

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from plan_contracts import WIRE_PROTOCOL, PlanError, WorkerLimits, WorkerRuntime
from plan_exec.choice import usable_cores
from plan_exec.errors import WorkerStartFailed
from plan_exec.executors.run_request import run_request
from plan_exec.executors.scratch_probe import ScratchProbe, check_scratch
from plan_exec.runtime_import import import_runtime
from plan_exec.versions import differences, software_versions
from plan_exec.worker import Answer, Hello


class ClusterOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker process needs to know of a run before its first request."""

    run: str
    """A random name: processes of a cluster that outlives the run tell runs apart by it."""
    runtime: str
    """`module:attribute` of the runtime."""
    limits: WorkerLimits
    """What the process may use; its worker name is completed by host and process."""
    protocol: int
    """Version of `TaskRequest` and `TaskResult` that the dispatcher speaks."""
    versions: dict[str, str]
    """Versions of the distributions that the dispatcher's side runs on."""
    probe: ScratchProbe | None
    """A file that the process must reach; none where results are staged in a store."""


@dataclass(frozen=True)
class _Started:
    run: str
    runtime: WorkerRuntime


_ORDER = msgspec.msgpack.Decoder(ClusterOrder)
_started: dict[bytes, _Started] = {}
_starting = threading.Lock()


def greet(order: bytes) -> bytes:
    """Start the runtime unless it runs already; give an encoded `Hello`."""
    try:
        _runtime(order)
    except PlanError as error:
        return msgspec.msgpack.encode(Hello(error=error.payload()))
    return msgspec.msgpack.encode(Hello(cores=usable_cores()))


def function_of(order: bytes) -> Callable[[bytes, bytes], bytes]:
    """Give a function of a task's name and its request, where an empty request is a greeting.

    It carries the order, so that a library which sends functions once to each worker does not send it with each task.
    Ray hands on bytes as they are, and pickles everything else; so the name comes as bytes.
    """

    def run(task: bytes, request: bytes) -> bytes:
        return run_encoded(order, task.decode(), request) if request else greet(order)

    return run


def run_encoded(order: bytes, task: str, request: bytes) -> bytes:
    """Run one request; give an encoded `Answer`, whatever the runtime does."""
    try:
        runtime = _runtime(order)
    except PlanError as error:
        return msgspec.msgpack.encode(Answer(error=error.payload()))
    result, error = run_request(runtime, task, request)
    return msgspec.msgpack.encode(Answer(result=result, error=error))


def stop_runtime(order: bytes) -> None:
    """Free what the run holds in this process."""
    with _starting:
        started = _started.pop(order, None)
    if started is not None:
        started.runtime.stop()


def _runtime(order: bytes) -> WorkerRuntime:
    started = _started.get(order)
    if started is None:
        with _starting:
            started = _started.get(order) or _start(order)
            _started[order] = started
    return started.runtime


def _start(order: bytes) -> _Started:
    decoded = _ORDER.decode(order)
    name = f"{decoded.limits.worker}-{socket.gethostname()}-{os.getpid()}"
    _check_software(decoded, name)
    if decoded.probe is not None:
        check_scratch(decoded.probe, worker=name)
    runtime = import_runtime(decoded.runtime)
    runtime.start(replace(decoded.limits, worker=name))
    return _Started(run=decoded.run, runtime=runtime)


def _check_software(order: ClusterOrder, worker: str) -> None:
    """Refuse to run what the dispatcher's side would run with other software."""
    mend = "Install the same versions where the build starts and on every worker."
    if order.protocol != WIRE_PROTOCOL:
        message = f"The worker `{worker}` speaks protocol {WIRE_PROTOCOL}, and the dispatcher {order.protocol}"
        raise WorkerStartFailed(message, subject=worker, suggestion=mend)
    differing = differences(order.versions, software_versions(order.runtime))
    if differing:
        message = f"The worker `{worker}` runs other software than the dispatcher: {', '.join(differing)}"
        raise WorkerStartFailed(message, subject=worker, suggestion=mend)
