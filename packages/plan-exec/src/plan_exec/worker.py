"""The life of a worker process: import the runtime, say hello, answer requests until the pipe closes."""

import signal
from typing import Protocol

import msgspec

from plan_contracts import WIRE_PROTOCOL, ErrorPayload, PlanError, WorkerLimits, decode_msgpack, encode_msgpack
from plan_exec.executors.answers import raised
from plan_exec.runtime_import import import_runtime


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
    error: ErrorPayload | None = None
    """Why it cannot run tasks."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's answer to a request."""

    result: bytes | None = None
    """The encoded result."""
    error: ErrorPayload | None = None
    """Why the runtime gave none."""


def run_worker(pipe: Pipe, runtime_name: str, limits: bytes) -> None:
    """Answer requests until the dispatcher closes the pipe, or dies.

    Parameters
    ----------
    pipe
        This worker's end; requests are a task's name and an encoded `TaskRequest`.
    runtime_name
        `module:attribute` of the runtime.
    limits
        An encoded `WorkerLimits`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the dispatcher decides
    try:
        runtime = import_runtime(runtime_name)
        runtime.start(decode_msgpack(limits, WorkerLimits))
    except PlanError as error:
        pipe.send_bytes(msgspec.msgpack.encode(Hello(error=error.payload())))
        return
    try:
        pipe.send_bytes(msgspec.msgpack.encode(Hello()))
        while True:
            request = pipe.recv_bytes()
            try:
                reply = Answer(result=runtime.run(request))
            except Exception as reason:  # noqa: BLE001 - whatever the runtime raises, the dispatcher gets an answer
                reply = Answer(error=raised("a task", reason))
            pipe.send_bytes(msgspec.msgpack.encode(reply))
    except (EOFError, BrokenPipeError):
        runtime.stop()


def encode_limits(limits: WorkerLimits) -> bytes:
    """Give the limits as the worker reads them."""
    return encode_msgpack(limits)
