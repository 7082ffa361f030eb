"""What falls due at a time: ends of attempts that take too long, and starts of those that are tried again."""

import heapq
import itertools
from typing import Generic, TypeVar

T = TypeVar("T")


class Timers(Generic[T]):
    """Things by the time at which they fall due; a heap, so that each costs O(log n)."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._order = itertools.count()

    def add(self, due: float, what: T) -> None:
        """Set a timer, in seconds of the inbox's clock."""
        heapq.heappush(self._heap, (due, next(self._order), what))

    def next_due(self) -> float | None:
        """Give the time of the first timer; none when none is set."""
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> list[T]:
        """Take what is due, the earliest first."""
        due: list[T] = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        return due
