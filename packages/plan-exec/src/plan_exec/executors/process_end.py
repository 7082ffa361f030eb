"""An end for this process where a library may hold the interpreter's lock without end.

Nothing in Python runs then, handlers of signals included, so only another process can end this one.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

_WATCH = """
import os, select, signal, sys
parent, seconds, message = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
over, _, _ = select.select([sys.stdin], [], [], seconds)
if not over and os.getppid() == parent:
    print(message, file=sys.stderr, flush=True)
    os.kill(parent, signal.SIGKILL)
"""
"""What the other process runs; its input ends when the block does, or this process."""


@contextmanager
def process_ends_after(seconds: float, message: str) -> Generator[None]:
    """Kill this process when the block takes too long.

    Parameters
    ----------
    seconds
        Longest duration of the block.
    message
        What is printed to the standard error then.
    """
    command = [sys.executable, "-I", "-S", "-c", _WATCH, str(os.getpid()), str(seconds), message]
    # A session of its own, since Ctrl-C is meant for this process alone.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True):
        yield
