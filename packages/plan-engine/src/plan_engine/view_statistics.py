"""Rows and bytes that a view reads and is expected to give.

The estimator walks the text of the optimised plan from the leaves up, with textbook selectivities. Its figures are
flagged as estimated; what cannot be estimated stays unknown.
"""

# pyarrow's stubs leave the type parameters of schemas and types open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from plan_contracts import Evidence, Exactness, ViewStatistics
from plan_engine.plan_text import table_key
from plan_engine.planned_view import PlannedView

FILTER_SELECTIVITY = 0.33
"""Share of rows that a filter is taken to keep."""

GROUPS_PER_ROW = 0.1
"""Groups that an aggregate is taken to form per input row."""


CHECK_OPERATORS = 3
"""Operators of the query of a check: it scans, filters or groups, and projects."""

TEXT_BYTES = 24
"""Bytes that a string or a nested value of a row is taken to have."""


@dataclass(kw_only=True)
class _Operator:
    depth: int
    text: str
    children: list["_Operator"]


@dataclass(kw_only=True)
class _Work:
    """What the operators of a plan do, as far as it was walked."""

    worked: float = 0.0
    """Rows that they take in."""
    held: float = 0.0
    """Rows that they hold at once at most."""


def view_statistics(view: PlannedView, evidence: Mapping[str, Evidence]) -> ViewStatistics:
    """Estimate what a planned view reads and gives.

    Parameters
    ----------
    view
        The view.
    evidence
        What is known of its inputs; nothing of a Python view that declares no output.
    """
    known = {name: evidence.get(name) for name in view.references}
    rows = {name: each.rows if each is not None else None for name, each in known.items()}
    read = [_bytes_read(each, view) if each is not None else None for each in known.values()]
    work = _Work()
    rows_out = _rows_out(view.optimized, {table_key(name): number for name, number in rows.items()}, work)
    width = sum(_value_bytes(field.type) for field in view.schema or ())
    return ViewStatistics(
        view=view.name,
        rows_in=_sum(list(rows.values())),
        bytes_in=_sum(read),
        rows_out=rows_out,
        bytes_out=None if rows_out is None else rows_out * width,
        rows_worked=None if rows_out is None else round(work.worked),
        rows_held=None if rows_out is None else round(work.held),
        bytes_held=None if rows_out is None else round(work.held) * width,
        operators=view.operators,
        exactness=Exactness.ESTIMATED if view.references else Exactness.UNKNOWN,
    )


def check_statistics(evidence: Evidence) -> ViewStatistics:
    """Give what each check of a dataset or view reads: all of it, and it gives no rows."""
    return ViewStatistics(
        view=evidence.name,
        rows_in=evidence.rows,
        bytes_in=evidence.bytes,
        rows_out=0,
        operators=CHECK_OPERATORS,
        exactness=evidence.exactness,
    )


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _bytes_read(evidence: Evidence, view: PlannedView) -> int | None:
    """Take the share of the columns that are read for the share of the bytes."""
    if evidence.bytes is None or not evidence.columns:
        return evidence.bytes
    required = (view.required or {}).get(evidence.name)
    needed = len(required) if required is not None else len(evidence.columns)
    return evidence.bytes * max(1, needed) // len(evidence.columns)


def _value_bytes(kind: pa.DataType) -> int:
    try:
        return max(1, kind.bit_width // 8)
    except ValueError:  # of no fixed width
        return TEXT_BYTES


def _rows_out(plan: str, rows: Mapping[str, int | None], work: _Work) -> int | None:
    operators = _tree(plan)
    estimate = _estimate(operators[0], rows, work) if operators else None
    return round(estimate) if estimate is not None else None


def _tree(plan: str) -> list[_Operator]:
    """Read the indented text; a line that continues a string literal counts as part of the operator before it."""
    roots: list[_Operator] = []
    open_operators: list[_Operator] = []
    for line in plan.splitlines():
        text = line.lstrip(" ")
        depth = (len(line) - len(text)) // 2
        operator = _Operator(depth=depth, text=text, children=[])
        while open_operators and open_operators[-1].depth >= depth:
            open_operators.pop()
        (open_operators[-1].children if open_operators else roots).append(operator)
        open_operators.append(operator)
    return roots


def _estimate(operator: _Operator, rows: Mapping[str, int | None], work: _Work) -> float | None:
    """Give the rows of an operator; recursion is as deep as the plan, which DataFusion bounds."""
    children = [_estimate(child, rows, work) for child in operator.children if child.text != "Subquery:"]
    known = [child for child in children if child is not None]
    if len(known) < len(children):
        return None
    given = _given(operator.text, known, rows)
    if given is not None:
        _count_work(operator.text, known, given, work)
    return given


def _count_work(text: str, taken: Sequence[float], given: float, work: _Work) -> None:
    kind = text.split(":", 1)[0].split(" ", maxsplit=1)[0]
    if kind == "TableScan":
        work.worked += given
    if " Join:" in text and len(taken) > 1:
        work.worked += sum(taken)
        work.held += min(taken)
    elif kind in ("Filter", "Aggregate", "WindowAggr", "Sort", "Distinct"):
        work.worked += sum(taken)
        work.held += given if kind != "Filter" else 0.0


def _given(text: str, known: Sequence[float], rows: Mapping[str, int | None]) -> float | None:
    """Give the rows of an operator from those of its children."""
    kind = text.split(":", 1)[0].split(" ", maxsplit=1)[0]
    first = known[0] if known else None
    if kind == "TableScan":
        name = text.removeprefix("TableScan: ").split(" ", 1)[0].rstrip(",")
        scanned = rows.get(table_key(name))
        estimate = float(scanned) if scanned is not None else None
        return _fetched(
            text, estimate * FILTER_SELECTIVITY if estimate is not None and "filters=[" in text else estimate
        )
    if kind == "EmptyRelation":
        return 1.0 if "rows=1" in text else 0.0
    if kind == "Values":
        return float(text.count("), (") + 1) if not text.endswith("...") else None
    if first is None or kind == "Unnest":
        return None
    if kind == "Filter":
        return first * FILTER_SELECTIVITY
    if kind == "Aggregate":
        return 1.0 if "groupBy=[[]]" in text else max(min(first, 1.0), first * GROUPS_PER_ROW)
    if " Join:" in text and len(known) > 1:
        return _join(text, known[0], known[1])
    if kind == "Union":
        return sum(known)
    return _fetched(text, first)


def _join(text: str, left: float, right: float) -> float:
    if text.startswith("Cross Join"):
        return left * right
    if text.startswith(("LeftSemi", "LeftAnti", "LeftMark")):
        return left
    if text.startswith(("RightSemi", "RightAnti", "RightMark")):
        return right
    return max(left, right)


def _fetched(text: str, estimate: float | None) -> float | None:
    """Apply a `fetch=n` at the end of the operator's text."""
    _, found, limit = text.rpartition("fetch=")
    digits = limit.split(",")[0].strip()
    if not found or not digits.isdigit():
        return estimate
    return float(digits) if estimate is None else min(estimate, float(digits))
