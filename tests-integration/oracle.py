"""DuckDB as the oracle: the same SQL run by another engine, and a comparison of rows.

Nothing here imports plan: a mistake of the planner or of an engine cannot hide in what checks it.
"""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

Scalar = bool | int | float | Decimal | str | dt.date | dt.datetime | None
"""One value, after reading: no other type appears in the example projects."""

FLOAT_TOLERANCE = 1e-9
"""Relative: engines add floats in different orders, so the last bits may differ."""

FLOAT_FLOOR = 1e-12
"""Absolute, for values that ought to be zero, where a relative difference means nothing."""

_DUCKDB_KINDS = {
    "boolean": "boolean",
    "tinyint": "exact",
    "smallint": "exact",
    "integer": "exact",
    "bigint": "exact",
    "hugeint": "exact",
    "utinyint": "exact",
    "usmallint": "exact",
    "uinteger": "exact",
    "ubigint": "exact",
    "decimal": "exact",
    "float": "float",
    "double": "float",
    "varchar": "string",
    "date": "date",
    "timestamp": "timestamp",
}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of one view, engine-neutral.

    Parameters
    ----------
    names
        Column names in order.
    kinds
        Per column ``boolean``, ``exact`` (integers and decimals: sums of integers are integers in
        one engine and decimals of scale 0 in another), ``float``, ``string``, ``date`` or
        ``timestamp``.
    rows
        One tuple per row, in the order the engine gave them.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]


@dataclass(frozen=True, kw_only=True)
class ExampleProject:
    """What of a project folder an oracle needs.

    Parameters
    ----------
    datasets
        Name to the absolute path or glob of its files, ending in ``.parquet`` or ``.csv``.
    views
        Name to the text of its query; the names are the stems of the files.
    """

    datasets: dict[str, str]
    views: dict[str, str]


def read_project(folder: Path) -> ExampleProject:
    """Read datasets and views of a project without using plan.

    Parameters
    ----------
    folder
        Holds ``plan.toml``.

    Raises
    ------
    ValueError
        Two view files have the same stem.
    """
    document = tomllib.loads((folder / "plan.toml").read_text(encoding="utf-8"))
    datasets = {name: str(folder / settings["path"]) for name, settings in document["datasets"].items()}
    views: dict[str, str] = {}
    for path in sorted((folder / document["project"]["views"]).rglob("*.sql")):
        if path.stem in views:
            raise ValueError(f"two view files are named {path.stem!r}: {path} is the second")
        views[path.stem] = path.read_text(encoding="utf-8")
    return ExampleProject(datasets=datasets, views=views)


def run_in_duckdb(project: ExampleProject) -> dict[str, Rows]:
    """Run every view in DuckDB and return its rows by view name.

    The order of the views is found by trying: a view whose inputs do not exist yet is tried again
    when another one has been made, so that the graph under test takes no part in the oracle.

    Raises
    ------
    ValueError
        Some views can never be made; the message holds DuckDB's reason for each.
    """
    with duckdb.connect() as connection:
        # More threads than cores only cost memory; the examples are small.
        connection.execute("set threads = 2")
        for name, path in project.datasets.items():
            reader = "read_csv" if path.endswith(".csv") else "read_parquet"
            connection.execute(f"create view {_quoted(name)} as from {reader}({_literal(path)})")
        _create_views(connection, project.views)
        return {name: _read_duckdb(connection, name) for name in sorted(project.views)}


def _create_views(connection: duckdb.DuckDBPyConnection, views: dict[str, str]) -> None:
    waiting = dict(views)
    while waiting:
        refused: dict[str, str] = {}
        for name, sql in waiting.items():
            try:
                # Tables, not views: each query then runs once, however many read it.
                connection.execute(f"create table {_quoted(name)} as {sql}")
            except duckdb.CatalogException as exc:
                refused[name] = str(exc)
        if len(refused) == len(waiting):
            reasons = "\n".join(f"{name}: {reason}" for name, reason in refused.items())
            raise ValueError(f"DuckDB cannot make these views:\n{reasons}")
        waiting = {name: waiting[name] for name in refused}


def _read_duckdb(connection: duckdb.DuckDBPyConnection, name: str) -> Rows:
    relation = connection.table(_quoted(name))
    return Rows(
        names=tuple(relation.columns),
        kinds=tuple(_DUCKDB_KINDS[str(kind.id)] for kind in relation.types),
        rows=tuple(tuple(row) for row in relation.fetchall()),
    )


def rows_from_arrow(table: pa.Table) -> Rows:
    """Return the rows of an Arrow table.

    Raises
    ------
    ValueError
        A column has a type without a kind, such as a list.
    """
    columns = [column.to_pylist() for column in table.columns]
    return Rows(
        names=tuple(table.column_names),
        kinds=tuple(_arrow_kind(name, kind) for name, kind in zip(table.schema.names, table.schema.types, strict=True)),
        rows=tuple(zip(*columns, strict=True)),
    )


def _arrow_kind(name: str, kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return "exact"
    if pa.types.is_floating(kind):
        return "float"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "string"
    raise ValueError(f"column {name!r} has type {kind}, which cannot be compared")


def differences(expected: Rows, actual: Rows, *, limit: int = 5) -> list[str]:
    """Return what differs between two results, as sentences; an empty list means they agree.

    Rows are compared as a bag: both sides are sorted first, by their exact columns before their
    float ones. Floats agree to `FLOAT_TOLERANCE`, everything else exactly; a decimal's scale is
    presentation, so 1.50 is 1.5.

    Parameters
    ----------
    expected
        From the oracle.
    actual
        From the engine under test.
    limit
        At most so many differing rows are described.
    """
    if expected.names != actual.names:
        return [f"columns: expected {expected.names}, got {actual.names}"]
    if expected.kinds != actual.kinds:
        return [
            f"column {name!r}: expected kind {wanted}, got {got}"
            for name, wanted, got in zip(expected.names, expected.kinds, actual.kinds, strict=True)
            if wanted != got
        ]
    if len(expected.rows) != len(actual.rows):
        return [f"rows: expected {len(expected.rows)}, got {len(actual.rows)}"]
    found: list[str] = []
    for wanted, got in zip(_sorted_rows(expected), _sorted_rows(actual), strict=True):
        if not all(map(_values_agree, wanted, got)):
            found.append(f"row: expected {wanted}, got {got}")
            if len(found) == limit:
                break
    return found


def _sorted_rows(result: Rows) -> list[tuple[Scalar, ...]]:
    order = sorted(range(len(result.kinds)), key=lambda column: result.kinds[column] == "float")

    def key(row: tuple[Scalar, ...]) -> tuple[tuple[bool, Scalar], ...]:
        # A missing value sorts last, and is never compared with a present one.
        return tuple((row[column] is None, row[column]) for column in order)

    return sorted(result.rows, key=key)


def _values_agree(expected: Scalar, actual: Scalar) -> bool:
    if isinstance(expected, float) and isinstance(actual, float):
        return (math.isnan(expected) and math.isnan(actual)) or math.isclose(
            expected, actual, rel_tol=FLOAT_TOLERANCE, abs_tol=FLOAT_FLOOR
        )
    return expected == actual


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
