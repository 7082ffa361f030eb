"""Calls into the library of a cluster, made where nobody has to wait for them.

A library may wait without end for a head that is dead or silent, and does not say which of its calls do. So all of them
are made in threads that the dispatcher leaves behind when the cluster is lost: one for all that do not wait for tasks.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Never, TypeVar, cast

from plan_exec.errors import ExecutorGone

T = TypeVar("T")

THREAD_NAMES = "plan-exec-thread-"
"""How the names of threads begin that may be in the middle of something when nobody waits for them any more."""

LEAVE_SECONDS = 10.0
"""Longest wait for the library to leave a cluster that answers."""

LEAVE_AT_ONCE_SECONDS = 1.5
"""Longest wait for it after an interruption, or where the cluster is lost."""


def in_short(said: object) -> str:
    r"""Give the first and the last line of what a library said or raised: what failed, and why.

    Examples
    --------
    >>> in_short(RuntimeError("No environment.\nTraceback\n  File x, line 9\nValueError: no protocol"))
    'No environment.: ValueError: no protocol'
    >>> in_short(TimeoutError())
    'TimeoutError'
    """
    lines = str(said).strip().splitlines()
    return ": ".join(dict.fromkeys([*lines[:1], *lines[-1:]])) or type(said).__name__


class ClusterCalls:
    """The thread that calls the library of one cluster, and whether the cluster is lost.

    Parameters
    ----------
    library
        Its name, as users write it.
    address
        Where the cluster is; none for one of this run's own.
    head
        What the library calls the process that the cluster cannot be without.
    """

    def __init__(self, library: str, address: str | None, head: str) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._where = f"{library} cluster at `{address}`" if address is not None else f"{library} cluster"
        self._subject = library.lower()
        self._head = head
        self._lost: Future[Never] = Future()
        self._thread = Thread(target=self._make, name=f"{THREAD_NAMES}{self._subject}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def post(self, call: Callable[[], None]) -> None:
        """Make a call after those that were posted before; it is to raise nothing."""
        self._queue.put(call)

    def ask(self, call: Callable[[], T]) -> Future[T]:
        """Make a call whose result or exception is wanted."""
        future: Future[T] = Future()
        self.post(partial(_settle, future, call))
        return future

    def first_of(self, futures: Sequence[Future[T]], seconds: float) -> Future[T] | None:
        """Wait for the first that is done; give none where that takes longer.

        Raises
        ------
        ExecutorGone
            As soon as the cluster is lost.
        """
        either: list[Future[T] | Future[Never]] = [*futures, self._lost]
        wait(cast("list[Future[object]]", either), timeout=seconds, return_when=FIRST_COMPLETED)
        if self._lost.done():
            self._lost.result()
        return next((future for future in futures if future.done()), None)

    def result(self, call: Callable[[], T], seconds: float) -> T:
        """Make a call and wait for its result.

        Raises
        ------
        ExecutorGone
            When the cluster is lost meanwhile, or the call takes longer.
        Exception
            What the call raised.
        """
        done = self.first_of([self.ask(call)], seconds)
        if done is None:
            raise self._gone(f"its {self._head} has not answered for {seconds:.0f} s")
        return done.result()

    @property
    def cluster_is_lost(self) -> bool:
        """Whether the cluster was found to be lost."""
        return self._lost.done()

    def lose(self, why: str) -> ExecutorGone | None:
        """Note that the cluster is lost, and give the error; none when that was noted before."""
        if self._lost.done():
            return None
        error = self._gone(why)
        self._lost.set_exception(error)
        return error

    def end(self, last: Callable[[], None], *, at_once: bool) -> None:
        """Make a last call, and wait for the end of the thread, but not for one that hangs."""
        if not self._thread.is_alive():
            return
        self.post(last)
        self._queue.put(None)
        self._thread.join(LEAVE_AT_ONCE_SECONDS if at_once or self.cluster_is_lost else LEAVE_SECONDS)

    def ends_the_process(self) -> str:
        """Say what ends a process that a call holds up so that nothing in it can notice."""
        why = "it holds up this process, which is ended"
        return f"error [{ExecutorGone.code}] {self._gone(why)}"

    def _gone(self, why: str) -> ExecutorGone:
        mend = f"Look at the logs of its {self._head}; then build again: what was finished is reused."
        return ExecutorGone(f"The {self._where} is lost: {why}", subject=self._subject, suggestion=mend)

    def _make(self) -> None:
        while (call := self._queue.get()) is not None:
            call()


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    try:
        result = call()
    except BaseException as reason:  # noqa: BLE001 - it is raised where the result is asked for
        future.set_exception(reason)
    else:
        future.set_result(result)
