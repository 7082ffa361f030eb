"""What an optimised plan asks of the rows of each table that it scans."""

# pyarrow's stubs leave the type parameters of scalars open.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, cast

import pyarrow as pa
from datafusion.plan import LogicalPlan

from plan_engine.predicates import AllOf, AnyOf, Comparison, Constant, NullTest, Predicate

ScanConditions = Mapping[str, tuple[tuple[Predicate, ...], ...]]
"""By table, for each scan of it the predicates that its rows must pass; an empty tuple for a scan that takes all."""


class _Expression(Protocol):
    """An expression of a plan; DataFusion's classes bear no types."""

    def to_variant(self) -> object: ...

    def python_value(self) -> object: ...


class _Binary(Protocol):
    def left(self) -> _Expression: ...

    def op(self) -> str: ...

    def right(self) -> _Expression: ...


class _OverOne(Protocol):
    """A test of one expression."""

    def expr(self) -> _Expression: ...


class _Choices(_OverOne, Protocol):
    def list(self) -> list[_Expression]: ...

    def negated(self) -> bool: ...


class _Column(Protocol):
    def name(self) -> str: ...


class _Filter(Protocol):
    def predicate(self) -> _Expression: ...


class _Scan(Protocol):
    def table_name(self) -> str: ...


_COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SCANS = re.compile(r"TableScan: (\S+?)(?=[ ,]|$)", re.MULTILINE)
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def scan_conditions(plan: LogicalPlan, text: str) -> ScanConditions:
    """Read the filters that stand directly above scans.

    What is more than a comparison of a column with a constant, a test for null or a combination of these is left out,
    so that a scan gives at least the rows that are needed.

    Parameters
    ----------
    plan
        The optimised plan.
    text
        The same, as text. It also shows the scans within subqueries, which the tree does not lead to; a table that is
        scanned there counts as scanned without a filter.
    """
    found: dict[str, list[tuple[Predicate, ...]]] = {}
    if "Filter: " not in text:
        return {}
    _walk(plan, (), found)
    in_text = Counter(_SCANS.findall(text))
    for table, scans in found.items():
        if in_text[table] != len(scans):
            scans.append(())
    return {table: tuple(scans) for table, scans in found.items()}


def _walk(plan: LogicalPlan, above: tuple[Predicate, ...], found: dict[str, list[tuple[Predicate, ...]]]) -> None:
    node: object = plan.to_variant()
    kind = type(node).__name__
    if kind == "TableScan":
        found.setdefault(cast("_Scan", node).table_name(), []).append(above)
        return
    below = _conjuncts(cast("_Filter", node).predicate()) if kind == "Filter" else ()
    for child in plan.inputs():
        _walk(child, below, found)


def _conjuncts(expression: _Expression) -> tuple[Predicate, ...]:
    read = _read(expression)
    if read is not None:
        return read.parts if isinstance(read, AllOf) else (read,)
    node = expression.to_variant()
    if type(node).__name__ == "BinaryExpr":
        both = cast("_Binary", node)
        if both.op() == "AND":
            return (*_conjuncts(both.left()), *_conjuncts(both.right()))
    return ()


def _read(expression: _Expression) -> Predicate | None:
    """Give a predicate that says exactly what the expression says; none when there is none."""
    node = expression.to_variant()
    match type(node).__name__:
        case "IsNull" | "IsNotNull" as kind:
            column = _column(cast("_OverOne", node).expr())
            return NullTest(column=column, null=kind == "IsNull") if column is not None else None
        case "InList":
            return _one_of(cast("_Choices", node))
        case "BinaryExpr":
            return _binary(cast("_Binary", node))
        case _:
            return None


def _one_of(node: _Choices) -> Predicate | None:
    choices = [_comparison(node.expr(), "=", each) for each in node.list()]
    known = tuple(choice for choice in choices if choice is not None)
    return AnyOf(known) if known and len(known) == len(choices) and not node.negated() else None


def _binary(node: _Binary) -> Predicate | None:
    operator = node.op()
    if operator not in ("AND", "OR"):
        return _comparison(node.left(), operator, node.right())
    left, right = _read(node.left()), _read(node.right())
    if left is None or right is None:
        return None
    kind = AllOf if operator == "AND" else AnyOf
    return kind((*_parts(left, kind), *_parts(right, kind)))


def _parts(predicate: Predicate, kind: type[AllOf | AnyOf]) -> tuple[Predicate, ...]:
    return predicate.parts if isinstance(predicate, AllOf | AnyOf) and type(predicate) is kind else (predicate,)


def _comparison(left: _Expression, operator: str, right: _Expression) -> Predicate | None:
    known = _COMPARISONS.get(operator)
    if known is None:
        return None
    column, value = _column(left), _constant(right)
    if column is None:
        column, value, known = _column(right), _constant(left), _MIRRORED[known]
    if column is None or value is None:
        return None
    return Comparison(column=column, operator=known, value=value)


def _column(expression: _Expression) -> str | None:
    node = expression.to_variant()
    return cast("_Column", node).name() if type(node).__name__ == "Column" else None


def _constant(expression: _Expression) -> Constant | None:
    """Give the value of a literal; none for null, times with a zone, and what SQL text does not give back exactly."""
    if type(expression.to_variant()).__name__ != "Literal":
        return None
    try:
        scalar = expression.python_value()
        value: object = scalar.as_py() if isinstance(scalar, pa.Scalar) else scalar
    except Exception:  # noqa: BLE001 - kinds of literals that DataFusion does not convert
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo is None else None
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    return value if isinstance(value, bool | int | str | date | Decimal) else None
