"""A process that a library holds up is ended from outside, and one that goes on is left alone."""

import signal
import subprocess
import sys

import pytest

HELD_UP = """
import re
from plan_exec.executors.process_end import process_ends_after

print("begins", flush=True)
with process_ends_after({seconds}, "it is held up"):
    re.match("(a*)*b", "a" * {letters})  # with the interpreter's lock held, for a time that grows exponentially
print("goes on")
"""


@pytest.mark.timeout(60)
def test_process_that_is_held_up_is_ended_with_a_message() -> None:
    script = HELD_UP.format(seconds=0.5, letters=60)

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGKILL, "begins\n", "it is held up\n")


@pytest.mark.timeout(60)
def test_process_that_goes_on_is_left_alone() -> None:
    script = HELD_UP.format(seconds=50.0, letters=3)

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "begins\ngoes on\n", "")
