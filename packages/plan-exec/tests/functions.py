"""A plain Hamilton module, as a user writes one."""

# Hamilton's decorators have no types.
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false

import time

from hamilton.function_modifiers import config, tag


def doubled(start: int) -> int:
    """Double the input."""
    return 2 * start


def squared(start: int) -> int:
    """Square the input."""
    return start * start


@tag(cost_seconds="5.0", owner="finance")
def total(doubled: int, squared: int, offset: int = 0) -> int:
    """Add both; the offset is optional."""
    return doubled + squared + offset


@config.when(greeting="long")
def greeting__long(total: int) -> str:
    """Say it at length."""
    return f"The total is {total}"


@config.when(greeting="short")
def greeting__short(total: int) -> str:
    """Say it in short."""
    return str(total)


def failing(doubled: int) -> int:
    """Divide by zero."""
    return doubled // 0


def below_failing(failing: int) -> int:
    """Never run."""
    return failing


def slow_left(start: int) -> float:
    """Take a moment."""
    time.sleep(0.3)
    return time.monotonic()


def slow_right(start: int) -> float:
    """Take as long."""
    time.sleep(0.3)
    return time.monotonic()


def apart(slow_left: float, slow_right: float) -> float:
    """Say how far apart both ended."""
    return abs(slow_left - slow_right)
