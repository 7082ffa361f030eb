"""Who waits for whom: counters that each end of a task brings forward, and no scan over all tasks."""

from collections import deque
from collections.abc import Iterator, Mapping

from plan_exec.task_state import TaskState


class Frontier:
    """The border between what has run and what can run.

    Parameters
    ----------
    states
        Every scheduled task, in schedule order.
    """

    def __init__(self, states: Mapping[str, TaskState]) -> None:
        self._states = states

    def roots(self) -> list[TaskState]:
        """Give the tasks that wait for no other."""
        return [state for state in self._states.values() if state.waiting_for == 0]

    def unblocked(self, done: TaskState) -> list[TaskState]:
        """Give the consumers whose last missing producer is this one."""
        unblocked: list[TaskState] = []
        for name in done.consumers:
            consumer = self._states[name]
            consumer.waiting_for -= 1
            if consumer.waiting_for == 0 and not consumer.final:
                consumer.waited_for = done.task.name
                unblocked.append(consumer)
        return unblocked

    def about_to_unblock(self, running: TaskState) -> Iterator[TaskState]:
        """Give the consumers that wait for nothing but this task."""
        consumers = (self._states[name] for name in running.consumers)
        return (consumer for consumer in consumers if consumer.waiting_for == 1 and not consumer.final)

    def below(self, failed: TaskState) -> Iterator[TaskState]:
        """Give everything downstream that is not final, each once as long as the caller makes it final."""
        pending = deque(failed.consumers)
        while pending:
            consumer = self._states[pending.popleft()]
            if not consumer.final:
                yield consumer
                pending.extend(consumer.consumers)

    def no_longer_read(self, ended: TaskState) -> list[TaskState]:
        """Give the final tasks whose results nobody is to read any more, now that this one is final; it may be one."""
        found = [ended] if ended.waiting_consumers == 0 else []
        for name in ended.producers:
            producer = self._states[name]
            producer.waiting_consumers -= 1
            if producer.waiting_consumers == 0 and producer.final:
                found.append(producer)
        return found

    def unfinished(self) -> Iterator[TaskState]:
        """Give every task that is not final, in schedule order."""
        return (state for state in self._states.values() if not state.final)
