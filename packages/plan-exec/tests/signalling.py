"""A runtime that is asked to end, and asks a program to; in a module of its own, which workers import in no time."""

import os
import signal
import subprocess

from plan_contracts import WorkerLimits
from plan_exec.testing.scripted_runtime import ScriptedRuntime


class AskedToEnd(ScriptedRuntime):
    """Goes on when it is asked to end, and needs a program that does not."""

    def start(self, limits: WorkerLimits) -> None:
        """Ask this process to end."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        super().start(limits)

    def run(self, request: bytes) -> bytes:
        """Start a program, ask it to end, and wait for it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            program = subprocess.Popen(["sleep", "600"])
            program.send_signal(number)
            program.wait(timeout=10)
        return super().run(request)
