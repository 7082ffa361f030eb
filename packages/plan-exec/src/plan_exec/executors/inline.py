"""Running tasks in the calling thread, one after the other."""

from plan_contracts import ExecutorCapabilities, Placement
from plan_exec.executors.answers import answer
from plan_exec.executors.executor import Completions
from plan_exec.limits import worker_limits
from plan_exec.runtime_import import import_runtime


class InlineExecutor:
    """One slot, in the thread that submits."""

    slots = 1

    def __init__(self, runtime: str, scratch_uri: str) -> None:
        self._runtime = import_runtime(runtime)
        self._scratch = scratch_uri
        self._completions = Completions()

    def capabilities(self) -> ExecutorCapabilities:
        """Say what it can do with a task: nothing but run it."""
        return ExecutorCapabilities(
            kind=Placement.INLINE,
            can_kill_task=False,
            can_limit_memory=False,
            shares_memory=True,
            survives_worker_death=False,
        )

    def start(self, completions: Completions) -> None:
        """Start the runtime."""
        self._completions = completions
        self._runtime.start(worker_limits("inline", slots=1, shares_memory=True, scratch_uri=self._scratch))

    def submit(self, task: str, request: bytes) -> None:
        """Run the task before returning."""
        self._completions.put(answer(self._runtime, task, request))

    def release(self, uri: str) -> None:
        """Forget a result."""
        self._runtime.release(uri)

    def stop(self, *, at_once: bool) -> None:
        """Stop the runtime."""
        del at_once
        self._runtime.stop()
