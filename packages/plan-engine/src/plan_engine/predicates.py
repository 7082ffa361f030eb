"""Simple predicates over columns: as SQL text, and against what statistics say of a part of a dataset.

They are what can be pushed to a scan without a chance of failing where the query itself would not: comparisons with
constants, tests for null, and their combinations by `and` and `or`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, cast

from plan_engine.table_catalog import quoted

Constant = int | float | str | bool | date | datetime | Decimal
"""What a column is compared with."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A column against a constant."""

    column: str
    operator: str
    """`=`, `!=`, `<`, `<=`, `>` or `>=`."""
    value: Constant


@dataclass(frozen=True, kw_only=True)
class NullTest:
    """Whether a column is null, or is not."""

    column: str
    null: bool


@dataclass(frozen=True)
class AllOf:
    """Predicates that hold together; none always holds."""

    parts: "tuple[Predicate, ...]"


@dataclass(frozen=True)
class AnyOf:
    """Predicates of which one holds at least."""

    parts: "tuple[Predicate, ...]"


Predicate = Comparison | NullTest | AllOf | AnyOf
"""A condition on one row."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What statistics say of a column in a part of a dataset; none where they say nothing."""

    least: Constant | None = None
    most: Constant | None = None
    nulls: int | None = None
    rows: int | None = None


def sql_of(predicate: Predicate) -> str:
    """Give a predicate as SQL.

    Examples
    --------
    >>> sql_of(AnyOf((Comparison(column="n", operator=">", value=3), NullTest(column="n", null=True))))
    '("n" > 3 or "n" is null)'
    """
    match predicate:
        case Comparison():
            return f"{quoted(predicate.column)} {predicate.operator} {_literal(predicate.value)}"
        case NullTest():
            return f"{quoted(predicate.column)} is {'' if predicate.null else 'not '}null"
        case AllOf():
            return _joined(" and ", predicate.parts)
        case AnyOf():
            return _joined(" or ", predicate.parts)


def _joined(word: str, parts: tuple[Predicate, ...]) -> str:
    texts = [sql_of(part) for part in parts]
    return f"({word.join(texts)})" if len(texts) > 1 else texts[0] if texts else "true"


def _literal(value: Constant) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, Decimal):
        digits = value.as_tuple()
        scale = max(0, -int(digits.exponent))
        return f"cast('{value}' as decimal({max(len(digits.digits), scale, 1)}, {scale}))"
    return repr(value)


def may_hold(predicate: Predicate, bounds: Callable[[str], Bounds | None]) -> bool:
    """Say whether a row of a part may pass, as far as its statistics tell.

    Parameters
    ----------
    predicate
        The condition.
    bounds
        Gives what is known of a column.
    """
    match predicate:
        case AllOf():
            return all(may_hold(part, bounds) for part in predicate.parts)
        case AnyOf():
            return any(may_hold(part, bounds) for part in predicate.parts)
        case NullTest():
            return _null_may_be(predicate, bounds(predicate.column))
        case Comparison():
            return _comparison_may_hold(predicate, bounds(predicate.column))


def _null_may_be(test: NullTest, known: Bounds | None) -> bool:
    if known is None or known.nulls is None:
        return True
    return known.nulls > 0 if test.null else known.rows is None or known.nulls < known.rows


def _comparison_may_hold(test: Comparison, known: Bounds | None) -> bool:
    if known is None:
        return True
    if known.nulls is not None and known.nulls == known.rows:
        return False
    if known.least is None or known.most is None:
        return True
    try:
        # Each kind of constant has an order of its own, and only statistics of the same kind are expected here.
        return _between(
            test.operator, cast(_Ordered, test.value), cast(_Ordered, known.least), cast(_Ordered, known.most)
        )
    except TypeError:  # statistics of another kind than the constant, such as times with and without a zone
        return True


class _Ordered(Protocol):
    def __lt__(self, other: "_Ordered", /) -> bool: ...

    def __le__(self, other: "_Ordered", /) -> bool: ...


def _between(operator: str, value: _Ordered, least: _Ordered, most: _Ordered) -> bool:
    floats = isinstance(least, float) or isinstance(most, float)  # statistics leave NaN out, which is above all numbers
    match operator:
        case "=":
            return least <= value <= most
        case "<":
            return least < value
        case "<=":
            return least <= value
        case ">":
            return floats or value < most
        case ">=":
            return floats or value <= most
        case _:
            return floats or not least == value == most
