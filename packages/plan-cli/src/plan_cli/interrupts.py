"""What Ctrl-C, SIGTERM and a terminal that closes do to a command. It imports nothing heavy.

A command ends at once where there is nothing to lose. While a run goes on that has no manifest yet, it is asked to end,
and it records what was done. After the second request the process is gone within seconds, whatever it is at; the next
command then completes the record.
"""

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

from plan_cli.exit_codes import INTERRUPTED

LAST_SECONDS = 5.0
"""What a run has after the second interrupt to be recorded."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = b"\x1b[?25h"


class Interrupts:
    """Decides what an interrupt does, by what the command is at."""

    def __init__(self) -> None:
        self._raising = False
        self._recording = False
        self._came = False

    def install(self) -> None:
        """Take the signals from now on, but for those that this process was told to ignore, as `nohup` does."""
        heard, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        threading.Thread(target=_see_to_the_end, args=(heard,), name="plan-cli-interrupts", daemon=True).start()
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    @contextmanager
    def raised(self) -> Generator[None]:
        """Let the first interrupt raise `KeyboardInterrupt` in a block, also where it has come before."""
        if self._came:
            raise KeyboardInterrupt
        before, self._raising = self._raising, True
        try:
            yield
        finally:
            self._raising = before

    @contextmanager
    def recorded(self) -> Generator[None]:
        """Let interrupts wait while there is a run without a manifest; what still waits then has come too late."""
        before, self._raising, self._recording = self._raising, False, True
        try:
            yield
            self._came = False
        finally:
            self._raising, self._recording = before, False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._raising and not self._came:
            self._came = True
            raise KeyboardInterrupt
        self._came = True
        if not self._recording:
            leave()


interrupts = Interrupts()
"""Those of this process."""


def leave() -> None:
    """End the process at once, as one that was interrupted."""
    with suppress(OSError, ValueError, RuntimeError):  # also in the middle of a line that is being printed
        sys.stdout.flush()
    with suppress(OSError):
        if os.isatty(1):
            os.write(1, _SHOW_CURSOR)
        os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def _see_to_the_end(heard: int) -> None:
    """Wait for the second interrupt, and end what does not end by itself then, also where no handler is called."""
    count = 0
    while count < 2:
        count += sum(number in _SIGNALS for number in os.read(heard, 64))
    threading.Event().wait(LAST_SECONDS)
    leave()
