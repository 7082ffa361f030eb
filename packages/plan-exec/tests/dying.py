"""A runtime whose first process dies while it starts; in a module of its own, which workers import in no time."""

import os
import signal
from pathlib import Path

from plan_contracts import WorkerLimits
from plan_exec.testing.scripted_runtime import ScriptedRuntime

MARK = "died-while-it-started"


class DiesWhileItStarts(ScriptedRuntime):
    """Ends the first process that it is started in."""

    def start(self, limits: WorkerLimits) -> None:
        """Leave a mark, and end the process unless there was one."""
        mark = Path(limits.scratch_uri) / MARK
        mark.parent.mkdir(parents=True, exist_ok=True)
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        super().start(limits)
