"""As much of Dask's client as is used, with types."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Protocol


class DaskLoop(Protocol):
    """The event loop of a client, which runs in a thread of its own."""

    def add_callback(self, callback: Callable[..., object], *args: object) -> None:
        """Call a function, or start a coroutine function, in the loop's thread; may be called from any thread."""
        ...


class SchedulerDoor(Protocol):
    """The scheduler's remote calls."""

    async def ncores(self, *, workers: None) -> Mapping[str, int]:
        """Give the threads of each worker by its address."""
        ...


class SchedulerStream(Protocol):
    """The messages to the scheduler that wait for no answer."""

    interval: float
    """Seconds that pass at least between two packets of messages."""


class DaskFuture(Protocol):
    """A task that was handed to the scheduler."""

    key: str

    def result(self, timeout: float) -> bytes:
        """Wait for the result."""
        ...

    def release(self) -> None:
        """Let the scheduler forget it."""
        ...


class DaskClient(Protocol):
    """As much of `distributed.Client` as is used."""

    loop: DaskLoop
    status: str

    scheduler: SchedulerDoor
    scheduler_comm: SchedulerStream

    def submit(self, func: Callable[..., bytes], *args: object, **options: object) -> DaskFuture:
        """Hand a function and its arguments to the scheduler."""
        ...

    def gather(self, futures: DaskFuture, *, direct: bool | None, asynchronous: bool) -> Coroutine[None, None, bytes]:
        """Wait for a result, in the loop."""
        ...

    def run(self, function: Callable[..., object], *args: object, **options: object) -> Mapping[str, object]:
        """Call a function in every worker; give what it gave, or raised, by the worker's address."""
        ...

    def wait_for_workers(self, n_workers: int, timeout: float) -> None:
        """Wait for workers."""
        ...

    def nthreads(self) -> Mapping[str, int]:
        """Give the threads of each worker by its address."""
        ...

    def close(self, timeout: float) -> None:
        """Leave the cluster."""
        ...
