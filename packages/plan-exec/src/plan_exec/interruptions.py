"""Interrupts by the user as messages: the first asks the run to end, the next ends it at once."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from plan_exec.inbox import Inbox, Interruption

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptions_into(inbox: Inbox) -> Generator[None]:
    """Turn the first interrupt into a message, so that it comes between two steps of the dispatcher and not within one.

    Only signals that would raise `KeyboardInterrupt` are turned, and only in the main thread, where they arrive.
    """
    asked = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            signal.default_int_handler(number, frame)
        asked = True
        inbox.put(Interruption())

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    turned = [number for number in _SIGNALS if signal.getsignal(number) is signal.default_int_handler]
    try:
        for number in turned:
            signal.signal(number, handle)
        yield
    finally:
        for number in turned:
            signal.signal(number, signal.default_int_handler)
