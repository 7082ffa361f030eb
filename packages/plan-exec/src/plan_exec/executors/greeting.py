"""The first words between dispatcher and worker: whether it can run tasks, and would run them as here."""

import signal

import msgspec

from plan_contracts import WIRE_PROTOCOL
from plan_exec.errors import WorkerStartFailed
from plan_exec.executors.process_pool import Worker
from plan_exec.versions import differences, software_versions
from plan_exec.worker import Hello

START_SECONDS = 60.0
"""Longest time that a worker may take to say hello."""

_JOIN_SECONDS = 5.0
_HELLO = msgspec.msgpack.Decoder(Hello)


class StartInterrupted(WorkerStartFailed):
    """A worker was ended before it was ready, perhaps by chance: another may start."""


def greet(worker: Worker, runtime: str) -> None:
    """Wait for the worker's first message, and compare its software with the dispatcher's.

    Raises
    ------
    StartInterrupted
        When the worker ends instead.
    WorkerStartFailed
        When it does not come in time, or the worker cannot run tasks or would run them with other software.
    """
    try:
        if not worker.pipe.poll(START_SECONDS):
            raise WorkerStartFailed(
                f"The worker `{worker.name}` did not start within {START_SECONDS:.0f} s", subject=worker.name
            )
        hello = _HELLO.decode(worker.pipe.recv_bytes())
    except (EOFError, OSError) as reason:
        worker.process.join(_JOIN_SECONDS)
        message = f"The worker `{worker.name}` {how_it_ended(worker)} before it was ready"
        raise StartInterrupted(message, subject=worker.name) from reason
    except msgspec.DecodeError as reason:
        raise WorkerStartFailed(
            f"The worker `{worker.name}` said something else than hello: {reason}", subject=worker.name
        ) from reason
    check_hello(worker.name, hello, runtime)


def check_hello(worker: str, hello: Hello, runtime: str) -> None:
    """Compare what a worker says of itself with what runs here.

    Raises
    ------
    WorkerStartFailed
        When it cannot run tasks, speaks another protocol, or runs other versions of the software.
    """
    if hello.error is not None:
        raise WorkerStartFailed(f"The worker `{worker}` cannot run tasks: {hello.error.message}", subject=worker)
    mend = "Install the same versions in both places."
    if hello.protocol != WIRE_PROTOCOL:
        message = f"The worker `{worker}` speaks protocol {hello.protocol}, and this dispatcher {WIRE_PROTOCOL}"
        raise WorkerStartFailed(message, subject=worker, suggestion=mend)
    differing = differences(software_versions(runtime), hello.versions)
    if differing:
        message = f"The worker `{worker}` runs other software than this dispatcher: {', '.join(differing)}"
        raise WorkerStartFailed(message, subject=worker, suggestion=mend)


def how_it_ended(worker: Worker) -> str:
    """Say in words how a worker process ended."""
    code = worker.process.exitcode
    if code is None:
        return "stopped answering"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"exited with code {code}"
