"""What a run without a store needs in the place of one."""

import time

from plan_contracts import Envelope


class NoSink:
    """An event sink that keeps nothing."""

    def emit(self, event: Envelope) -> None:
        """Drop the event."""

    def flush(self) -> None:
        """Do nothing."""


class WallClock:
    """The machine's clocks."""

    def unix_ms(self) -> int:
        """Give the time of day in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Give seconds that never go backwards."""
        return time.perf_counter()
