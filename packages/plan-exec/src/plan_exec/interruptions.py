"""Interrupts by the user as messages: the first asks the run to end, the second ends it at once.

A terminal sends SIGINT, or SIGHUP when it closes, to every process of its job, and a service manager may do the same
with SIGTERM. The driver alone decides what follows from it.
"""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from plan_exec.inbox import Inbox, Interruption

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What asks a process to end."""


class Interruptions:
    """Turns interrupts into messages, so that they come between two steps of the dispatcher and not within one.

    Parameters
    ----------
    inbox
        Gets a message for each of the first two. A later one goes to whoever was asked before.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._raising = False
        self.count = 0
        """How many have come."""

    @contextmanager
    def taken(self) -> Generator[None]:
        """Take interrupts for the duration of a block.

        Only in the main thread, where they arrive; of SIGINT what Python code handles, and other signals where they
        are handled alike.
        """
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            yield
            return

        def handle(number: int, frame: FrameType | None) -> None:
            self.count += 1
            if self._raising:
                self._raising = False
                raise KeyboardInterrupt
            if self.count > 2:
                before(number, frame)
            else:
                self._inbox.put(Interruption())

        turned = [number for number in SIGNALS if signal.getsignal(number) == before]
        try:
            for number in turned:
                signal.signal(number, handle)
            yield
        finally:
            for number in turned:
                signal.signal(number, before)

    @contextmanager
    def raised(self) -> Generator[None]:
        """Let an interrupt raise `KeyboardInterrupt` in a block that waits for others; also one that came before."""
        if self.count:
            raise KeyboardInterrupt
        self._raising = True
        try:
            yield
        finally:
            self._raising = False


@contextmanager
def kept_from_children(*signals: signal.Signals) -> Generator[None]:
    """Let processes that this thread, or one that it starts, starts in a block never hear of signals."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def take_no_notice() -> None:
    """Let this process go on whatever asks it to end: another decides. The programs that it starts do as they like.

    A signal that is ignored, or kept out, would be so in these programs, too.
    """
    for number in SIGNALS:
        signal.signal(number, _do_nothing)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _do_nothing(number: int, frame: FrameType | None) -> None:
    del number, frame


def started_deaf(*starts: Callable[[], None]) -> None:
    """Start processes that never hear of `SIGNALS`, nor do those that they start, unless they undo it.

    Each is kept from them anew, since Python's tracker of resources lets signals through once it has started.
    """
    for start in starts:
        with kept_from_children(*SIGNALS):
            start()


def take_signals_back() -> None:
    """Put Python's handlers in place again where a library has replaced them without its knowledge, as Ray does."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, signal.getsignal(number))
