"""The time, as machines tell it."""

import time


class SystemClock:
    """The machine's clocks; implements the port `Clock`."""

    def unix_ms(self) -> int:
        """Give the time of day in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Give seconds that never go backwards."""
        return time.monotonic()
