"""Results in memory, from the task that gave them to the end of their last reader, or until they make room."""

from collections.abc import Callable, Mapping
from typing import Protocol

from plan_contracts import DatasetRef, Placement, StagedOutput, TaskResult
from plan_exec.announcer import Announcer
from plan_exec.executors.executor import Attempt
from plan_exec.result_memory import HandedResult, ResultMemory
from plan_exec.task_state import TaskState


class ResultHolder(Protocol):
    """Where results lie in memory: an executor."""

    def spill(self, uri: str) -> None:
        """Drop the copy in memory; the file stays."""
        ...

    def release(self, uri: str) -> None:
        """Forget a result."""
        ...


class Retention:
    """Knows which results are in memory and who still reads them, and decides which of them leave it.

    A result is forgotten when its last reader is final, since until then there may be another attempt. One that an
    attempt reads stays where it is. One that has made room is read from its file by every attempt that starts later.

    Parameters
    ----------
    states
        Every scheduled task by name.
    budget_bytes
        What the results in one process may hold.
    slots
        Tasks that each executor runs at once.
    holder
        The executor of a placement.
    announcer
        Tells of results that leave the memory.
    """

    def __init__(
        self,
        states: Mapping[str, TaskState],
        budget_bytes: int,
        slots: Mapping[Placement, int],
        holder: Callable[[Placement], ResultHolder],
        announcer: Announcer,
    ) -> None:
        self._budget = budget_bytes
        self._memories = {placement: ResultMemory(budget_bytes, count) for placement, count in slots.items()}
        self._holder = holder
        self._announcer = announcer
        self._results = _handed_results(states)
        self._reading: dict[Attempt, list[HandedResult]] = {}

    def is_wanted(self, state: TaskState) -> bool:
        """Say whether what a task or unit is about to give should stay in memory for somebody."""
        results = (self._results.get(view) for view in state.task.outputs)
        return self._budget > 0 and any(each and not each.by_file and each.next_reader for each in results)

    def begin(self, attempt: Attempt, state: TaskState) -> dict[str, DatasetRef]:
        """Give the inputs that an attempt can read in memory, which stay there until it has ended."""
        found = {each.name: self._results.get(each.name) for each in state.request.inputs if each.producer is not None}
        read = {
            view: result
            for view, result in found.items()
            if result is not None
            and result.task.route.executor is state.route.executor
            and view in result.task.in_memory
        }
        for result in read.values():
            result.reading += 1
            self._memory(result).place(result)
        if read:
            self._reading[attempt] = list(read.values())
        return {view: result.task.in_memory[view] for view, result in read.items()}

    def end(self, attempt: Attempt) -> None:
        """Let go of what an attempt was reading, which has ended by itself or with its executor."""
        for result in self._reading.pop(attempt, ()):
            result.reading -= 1
            self._settle(result)

    def keep(self, state: TaskState, result: TaskResult) -> None:
        """Count what a task or unit keeps in memory, where somebody is still to read it."""
        for output in result.outputs:
            self._keep(state, output)

    def read_from_cache(self, unit: TaskState) -> None:
        """Hand a scan on by file, since one of its units was there before and lies in nobody's memory."""
        for view, output in unit.published.items():
            handed = self._results.get(view)
            if handed is not None and output.record.rows:
                self._by_file(handed)

    def make_room(self) -> None:
        """Let results leave the memory until those that are being made have room."""
        for memory in self._memories.values():
            while (result := memory.next_to_leave()) is not None:
                reader = result.next_reader
                if reader is not None:
                    self._announcer.spilled(result.task, result.view, result.bytes, reader)
                self._by_file(result)

    def discard(self, state: TaskState, result: TaskResult) -> None:
        """Forget what an attempt keeps in memory that came to nothing."""
        for output in result.outputs:
            if output.memory is not None:
                self._holder(state.route.executor).release(output.memory.uri)

    def consumer_is_final(self, consumer: TaskState) -> None:
        """Forget the results that this consumer was the last to read."""
        for each in consumer.request.inputs:
            result = self._results.get(each.name)
            if result is not None and each.producer is not None:
                self._settle(result)

    def forget(self, state: TaskState) -> None:
        """Forget everything that a task, or the units of a scan, keep."""
        for view in state.task.outputs:
            if (result := self._results.get(view)) is not None:
                self._release(result)

    def _keep(self, state: TaskState, output: StagedOutput) -> None:
        result, memory = self._results.get(output.view), output.memory
        if result is not None and output.memory_bytes is not None:
            self._memory(result).has_seen(output.memory_bytes)
        if memory is None:
            if result is not None and output.rows:
                self._by_file(result)
        elif result is None or result.by_file or result.next_reader is None:
            state.in_memory.pop(output.view, None)
            self._holder(state.route.executor).release(memory.uri)
        else:
            self._memory(result).add(result, memory.uri, memory.bytes or 0)

    def _settle(self, result: HandedResult) -> None:
        """Forget a result that nobody reads any more; else see where its next reader stands now."""
        if result.reading or result.next_reader is not None:
            self._memory(result).place(result)
        else:
            self._release(result)

    def _release(self, result: HandedResult) -> None:
        for uri in self._take_out(result):
            self._holder(result.task.route.executor).release(uri)

    def _by_file(self, result: HandedResult) -> None:
        """Hand a result on by file alone; a scan with all its units, also those to come."""
        result.by_file = True
        for uri in self._take_out(result):
            self._holder(result.task.route.executor).spill(uri)

    def _take_out(self, result: HandedResult) -> tuple[str, ...]:
        whole = result.task
        whole.in_memory.pop(result.view, None)
        for unit in whole.block.units.values() if whole.block is not None and result.uris else ():
            unit.in_memory.pop(result.view, None)
        return self._memory(result).remove(result)

    def _memory(self, result: HandedResult) -> ResultMemory:
        return self._memories[result.task.route.executor]


def _handed_results(states: Mapping[str, TaskState]) -> dict[str, HandedResult]:
    """Give the results that are read on the executor that makes them, by view."""
    owners = {view: state for state in states.values() for view in state.task.outputs}
    readers: dict[str, list[TaskState]] = {}
    for state in states.values():
        for each in state.request.inputs:
            owner = owners.get(each.name) if each.producer is not None else None
            if owner is not None and owner.route.executor is state.route.executor:
                readers.setdefault(each.name, []).append(state)
    return {view: HandedResult(view=view, task=owners[view], readers=tuple(found)) for view, found in readers.items()}
