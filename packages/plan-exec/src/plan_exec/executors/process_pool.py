"""Worker processes and the pipes to them: the only module that knows the multiprocess library."""

import os
import sys
import threading
from dataclasses import dataclass
from typing import Protocol, cast

# It has no types; the protocols below say what is used.
import multiprocess
import multiprocess.connection as connections
from multiprocess import forkserver, resource_tracker

from plan_exec.interruptions import started_deaf
from plan_exec.worker import Pipe, run_worker

PROCESS_NAMES = "plan-exec "
"""How the names of worker processes begin."""


class PollablePipe(Pipe, Protocol):
    """The dispatcher's end of a pipe."""

    def close(self) -> None:
        """Close it; the worker ends."""
        ...

    def poll(self, timeout: float) -> bool:
        """Wait for a message."""
        ...


class WorkerProcess(Protocol):
    """A process."""

    pid: int | None
    exitcode: int | None

    def start(self) -> None:
        """Start it."""
        ...

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class _Parent(Protocol):
    sentinel: int


class _Context(Protocol):
    def parent_process(self) -> _Parent | None: ...

    def set_forkserver_preload(self, module_names: list[str]) -> None: ...

    def Pipe(self) -> tuple[PollablePipe, PollablePipe]: ...  # noqa: N802 - the library's name

    def Process(self, *, target: object, args: tuple[object, ...], daemon: bool, name: str) -> WorkerProcess: ...  # noqa: N802 - the library's


@dataclass(kw_only=True)
class Worker:
    """One worker process."""

    name: str
    process: WorkerProcess
    pipe: PollablePipe
    tasks_done: int = 0


class WorkerLauncher:
    """Starts workers. Never by fork from this process, whose engine may have threads that a fork would lose.

    Parameters
    ----------
    runtime
        `module:attribute`; the module is imported once in the server that workers are forked from.
    """

    def __init__(self, runtime: str) -> None:
        self._runtime = runtime
        method = "spawn" if sys.platform == "darwin" else "forkserver"
        self._context = cast(_Context, multiprocess.get_context(method))  # pyright: ignore - untyped  # pyrefly: ignore
        if method == "forkserver":
            self._context.set_forkserver_preload(
                ["plan_exec.executors.forked_workers", "plan_exec.worker", runtime.partition(":")[0]]
            )
            started_deaf(resource_tracker.ensure_running, forkserver.ensure_running)

    def launch(self, name: str, limits: bytes) -> Worker:
        """Start a worker; it says hello when it is ready."""
        ours, theirs = self._context.Pipe()
        arguments = (theirs, self._runtime, limits)
        process = self._context.Process(target=_work, args=arguments, daemon=True, name=PROCESS_NAMES + name)
        process.start()
        theirs.close()
        return Worker(name=name, process=process, pipe=ours)


def _work(pipe: Pipe, runtime: str, limits: bytes) -> None:
    """Be a worker that does not outlive the dispatcher, not even in the middle of a query."""
    parent = cast(_Context, multiprocess).parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True, name="plan-exec-parent").start()
    run_worker(pipe, runtime, limits)


def _end_with(sentinel: int) -> None:
    connections.wait([sentinel])  # pyright: ignore - untyped  # pyrefly: ignore
    os._exit(1)
