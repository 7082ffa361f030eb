"""A module whose functions Hamilton's own driver must run."""

from hamilton.htypes import Collect, Parallelizable


def unit(start: int) -> Parallelizable[int]:
    """Give each unit."""
    yield from range(start)


def whole(unit: Collect[int]) -> int:
    """Put the units together."""
    return sum(unit)
