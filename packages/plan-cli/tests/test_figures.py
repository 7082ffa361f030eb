"""Durations, counts and sizes as people read them."""

import pytest

from plan_cli.render.figures import count, duration, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 ms"),
        (0.00994, "9.9 ms"),
        (0.00996, "10 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.10 s"),
        (59.99, "59.99 s"),
        (60.0, "1 min 0 s"),
        (3599.6, "60 min 0 s"),
    ],
)
def test_duration_near_a_change_of_unit_reads_naturally(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 tasks"), (1, "1 task"), (1234567, "1,234,567 tasks")])
def test_count_of_tasks_takes_the_right_noun(number: int, text: str) -> None:
    assert count(number, "task") == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000_000_000, "2.5 TB")]
)
def test_size_near_a_change_of_unit_reads_naturally(number: int, text: str) -> None:
    assert size(number) == text
