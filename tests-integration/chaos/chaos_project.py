"""A project whose rows are known by arithmetic: how often the sum of two numbers leaves each remainder."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DIVISORS = range(2, 12)
GROUPS = 3

Rows = list[tuple[int, int]]
"""Remainder and pairs, in order."""


def write_project(folder: Path, numbers: int) -> dict[str, Rows]:
    """Write views over all pairs of so many numbers, in three generations; give the rows that each must have."""
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    pq.write_table(pa.table({"n": pa.array(range(numbers), pa.int64())}), folder / "data" / "numbers.parquet")
    (folder / "plan.toml").write_text(
        '[project]\nname = "chaos"\n\n[defaults]\nmaterialize = "table"\n\n'
        '[datasets.numbers]\npath = "data/numbers.parquet"\n'
    )
    expected = {f"pairs_{divisor}": _pairs(divisor, numbers) for divisor in DIVISORS}
    for divisor in DIVISORS:
        sql = f"select (a.n + b.n) % {divisor} as remainder, count(*) as pairs from numbers as a, numbers as b"
        _write(folder, f"pairs_{divisor}", f"{sql} group by 1")
    for group in range(GROUPS):
        names = [f"pairs_{divisor}" for divisor in DIVISORS if divisor % GROUPS == group]
        _write(folder, f"group_{group}", _sum_of(names))
        expected[f"group_{group}"] = _added(expected[name] for name in names)
    groups = [f"group_{group}" for group in range(GROUPS)]
    _write(folder, "whole", _sum_of(groups))
    expected["whole"] = _added(expected[name] for name in groups)
    return expected


def wrong_rows(folder: Path, expected: dict[str, Rows]) -> dict[str, Rows]:
    """Give the outputs whose rows are not those expected, as they are."""
    found = {view: _rows(folder / "out" / f"{view}.parquet") for view in expected}
    return {view: rows for view, rows in found.items() if rows != expected[view]}


def _write(folder: Path, view: str, sql: str) -> None:
    (folder / "views" / f"{view}.sql").write_text(f"{sql}\n")


def _sum_of(views: list[str]) -> str:
    parts = " union all ".join(f"select remainder, pairs from {view}" for view in views)
    return f"select remainder, sum(pairs) as pairs from ({parts}) as parts group by 1"


def _rows(path: Path) -> Rows:
    table = pq.read_table(path)
    return sorted(zip(table.column("remainder").to_pylist(), table.column("pairs").to_pylist(), strict=True))


def _pairs(divisor: int, numbers: int) -> Rows:
    counts = [len(range(remainder, numbers, divisor)) for remainder in range(divisor)]
    return [
        (remainder, sum(count * counts[(remainder - other) % divisor] for other, count in enumerate(counts)))
        for remainder in range(divisor)
    ]


def _added(parts: Iterable[Rows]) -> Rows:
    total: Counter[int] = Counter()
    for rows in parts:
        total.update(dict(rows))
    return sorted(total.items())
