"""The text of a query's rows."""

from datetime import UTC, datetime

import pytest

from plan_cli.render.table_text import Cell, write_table


class Table:
    """Rows with named columns."""

    def __init__(self, *rows: dict[str, Cell]) -> None:
        self.column_names = list(rows[0])
        self._rows = list(rows)

    def to_pylist(self) -> list[dict[str, Cell]]:
        """Give the rows."""
        return self._rows


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.021604737999950885, "0.0216047"),
        (0.0000123456789, "1.23457e-05"),
        (0.0, "0"),
        (1234567.891234567, "1234567.891235"),
        (None, "null"),
        (b"abc", "<3 bytes>"),
        ("one\ntwo", "one\\ntwo"),
        (datetime(2026, 1, 2, 3, 4, 5, 678_900, UTC), "2026-01-02 03:04:05.678 UTC"),
        (datetime(2026, 1, 2, 3, 4, 5), "2026-01-02 03:04:05.000"),
    ],
)
def test_cell_is_shown_as_people_read_it(value: Cell, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(Table({"n": value}))
    assert capsys.readouterr().out.splitlines()[2].strip() == shown
