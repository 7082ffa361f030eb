"""Results in memory, from the task that gave them to the end of the last one that reads them."""

from collections.abc import Callable, Mapping

from plan_contracts import TaskResult
from plan_exec.task_state import TaskState


class Retention:
    """Forgets copies in memory as soon as nobody needs them any more, also not for another attempt.

    Parameters
    ----------
    states
        Every scheduled task by name.
    release
        Forgets a result in memory: the task that gave it, and its URI.
    """

    def __init__(self, states: Mapping[str, TaskState], release: Callable[[TaskState, str], None]) -> None:
        self._states = states
        self._release = release

    def discard(self, state: TaskState, result: TaskResult) -> None:
        """Forget what an attempt keeps in memory that came to nothing."""
        for output in result.outputs:
            if output.memory is not None:
                self._release(state, output.memory.uri)

    def forget_unread(self, state: TaskState) -> None:
        """Forget what a task keeps for consumers that are all final already."""
        if state.waiting_consumers == 0:
            self.forget(state)

    def consumer_is_final(self, consumer: TaskState) -> None:
        """Forget the results that this consumer was the last to need."""
        for name in consumer.producers:
            producer = self._states[name]
            producer.waiting_consumers -= 1
            self.forget_unread(producer)

    def forget(self, state: TaskState) -> None:
        """Forget everything that a task keeps."""
        for ref in state.in_memory.values():
            for uri in ref.files or (ref.uri,):
                self._release(state, uri)
        state.in_memory.clear()
