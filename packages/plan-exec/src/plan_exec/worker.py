"""The life of a worker process: import the runtime, say hello, answer requests until the pipe closes."""

import os
import resource
import sys
from pathlib import Path
from typing import Protocol

import msgspec

from plan_contracts import WIRE_PROTOCOL, ErrorPayload, PlanError, WorkerLimits, decode_msgpack, encode_msgpack
from plan_exec.executors.run_request import raised
from plan_exec.interruptions import take_no_notice
from plan_exec.runtime_import import import_runtime
from plan_exec.versions import software_versions

_STATM = Path("/proc/self/statm")


class Pipe(Protocol):
    """One end of a pipe that carries messages of bytes."""

    def send_bytes(self, buf: bytes) -> None:
        """Send one message."""
        ...

    def recv_bytes(self) -> bytes:
        """Receive one message; raises `EOFError` when the other end is closed."""
        ...


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The first message of a worker."""

    protocol: int = WIRE_PROTOCOL
    """Version of `TaskRequest` and `TaskResult` that it speaks."""
    versions: dict[str, str] = {}
    """The software that it runs."""
    cores: int = 0
    """Cores that its process may use."""
    error: ErrorPayload | None = None
    """Why it cannot run tasks."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's answer to a request."""

    result: bytes | None = None
    """The encoded result."""
    error: ErrorPayload | None = None
    """Why the runtime gave none."""
    resident_bytes: int = 0
    """Memory that the worker holds after the task."""


def run_worker(pipe: Pipe, runtime_name: str, limits: bytes) -> None:
    """Answer requests until the dispatcher closes the pipe, or dies.

    Parameters
    ----------
    pipe
        This worker's end; requests are encoded `TaskRequest`s.
    runtime_name
        `module:attribute` of the runtime.
    limits
        An encoded `WorkerLimits`.
    """
    take_no_notice()  # of what a terminal, or a service manager, sends to all; the driver decides
    try:
        runtime = import_runtime(runtime_name)
        runtime.start(decode_msgpack(limits, WorkerLimits))
    except PlanError as error:
        pipe.send_bytes(msgspec.msgpack.encode(Hello(error=error.payload())))
        return
    try:
        pipe.send_bytes(msgspec.msgpack.encode(Hello(versions=dict(software_versions(runtime_name)))))
        while True:
            request = pipe.recv_bytes()
            try:
                reply = Answer(result=runtime.run(request), resident_bytes=resident_bytes())
            except Exception as reason:  # noqa: BLE001 - whatever the runtime raises, the dispatcher gets an answer
                reply = Answer(error=raised("a task", reason))
            pipe.send_bytes(msgspec.msgpack.encode(reply))
    except (EOFError, BrokenPipeError):
        runtime.stop()


def resident_bytes() -> int:
    """Give the memory that this process holds; where the system does not say, the most that it ever held."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def encode_limits(limits: WorkerLimits) -> bytes:
    """Give the limits as the worker reads them."""
    return encode_msgpack(limits)
