"""Which results stay in memory: those that are read soonest. What is read last in the schedule makes room for others.

That is Belady's rule. No other order of leaving beats it where all results are equally large. It needs to know what is
read when, and the schedule says so.
"""

import heapq
from dataclasses import dataclass, field

from plan_exec.task_state import TaskState


@dataclass(kw_only=True, eq=False)
class HandedResult:
    """The result of one view, or of one scan, for its readers on the executor that it was made on."""

    view: str
    task: TaskState
    """The task that gives it; of a scan the whole."""
    readers: tuple[TaskState, ...]
    """The tasks on the same executor that read it, in schedule order."""
    uris: list[str] = field(default_factory=list[str])
    """What of it lies in memory; of a scan one for each unit."""
    bytes: int = 0
    """What that takes."""
    reading: int = 0
    """Attempts that read it in memory at the moment."""
    by_file: bool = False
    """Whether it is handed on by file alone, since a part of it did not fit or made room for others."""
    version: int = 0
    """Counts the changes of its place among the results that may leave the memory."""
    _done: int = 0

    @property
    def next_reader(self) -> TaskState | None:
        """The first of the readers that are not final; a reader that runs or pauses is not."""
        while self._done < len(self.readers) and self.readers[self._done].final:
            self._done += 1
        return self.readers[self._done] if self._done < len(self.readers) else None


class ResultMemory:
    """The results in the memory of one process: O(log n) for each that comes, goes or has another next reader.

    Room is kept for what is being made: for as many results as there are slots, each as large as the largest so far,
    but never more than half of the budget. The process itself holds no more than the budget, whatever happens here.

    Parameters
    ----------
    budget_bytes
        What the process may hold, results in the making included.
    slots
        Results that may be in the making at once.
    """

    def __init__(self, budget_bytes: int, slots: int) -> None:
        self._budget = budget_bytes
        self._slots = slots
        self._largest = 0
        self._used = 0
        self._leaving: list[tuple[int, int, str, int, HandedResult]] = []

    def add(self, result: HandedResult, uri: str, size: int) -> None:
        """Count a result, or one unit of it, as in memory."""
        result.uris.append(uri)
        result.bytes += size
        self._used += size
        self.place(result)

    def has_seen(self, size: int) -> None:
        """Take note of how large a result was, also of one that did not fit."""
        self._largest = max(self._largest, size)

    def place(self, result: HandedResult) -> None:
        """Put a result at the place of its next reader; one that is being read, or never again, does not make room."""
        result.version += 1
        reader = result.next_reader
        if result.uris and not result.reading and reader is not None:
            heapq.heappush(self._leaving, (-reader.index, -result.bytes, result.view, result.version, result))

    def remove(self, result: HandedResult) -> tuple[str, ...]:
        """Count a result as gone, and give what of it lay in memory."""
        uris = tuple(result.uris)
        self._used -= result.bytes
        result.uris.clear()
        result.bytes = 0
        result.version += 1
        return uris

    def next_to_leave(self) -> HandedResult | None:
        """Give the result whose next reader comes last, as long as too little is free for those in the making.

        Of two with the same next reader it is the larger one.
        """
        room = min(self._budget // 2, self._slots * self._largest)
        while self._leaving and self._used > self._budget - room:
            *_, version, result = heapq.heappop(self._leaving)
            if version == result.version:
                return result
        return None
