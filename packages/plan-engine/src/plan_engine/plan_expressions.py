"""What the expressions of a logical plan read of the operator below them.

DataFusion shows most expressions as objects, and some of their parts, such as the filter of an aggregate, as text only.
"""

import re
from collections.abc import Iterable, Iterator

from datafusion.expr import Expr

_STRINGS = re.compile(r'(?:Large)?Utf8(?:View)?\("(?:[^"\\]|\\.)*"\)')
_AGGREGATE_EXTRAS = re.compile(r" FILTER \(WHERE | ORDER BY \[")
_SUBQUERIES = frozenset({"ScalarSubquery", "Exists", "InSubquery", "SetComparison"})
_CONSTANTS = frozenset({"Literal", "Placeholder", "OuterReferenceColumn"})


class ExpressionReader:
    """Reads expressions over the fields of one operator.

    Parameters
    ----------
    fields
        Qualified names of the fields.
    """

    def __init__(self, fields: Iterable[str]) -> None:
        self._fields = sorted(fields, key=len, reverse=True)
        self.holds_subquery = False
        """Whether an expression that was read holds a subquery."""

    def columns(self, expressions: Iterable[Expr]) -> set[str]:
        """Give the fields that expressions read, over all of their parts but subqueries."""
        return {name for expression in expressions for name in self._read(expression)}

    def named_in(self, text: str) -> set[str]:
        """Give the fields that stand in a text, outside its strings; none is found within the name of another."""
        found: set[str] = set()
        rest = _STRINGS.sub("", text)
        for name in self._fields:
            pattern = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w.])")
            if pattern.search(rest):
                rest = pattern.sub(" ", rest)
                found.add(name)
        return found

    def _read(self, expression: Expr) -> Iterator[str]:
        kind, text = expression.variant_name(), expression.canonical_name()
        self.holds_subquery = self.holds_subquery or kind in _SUBQUERIES
        if kind == "Column":
            yield text
        elif kind not in _CONSTANTS:
            extras = _AGGREGATE_EXTRAS.search(text) if kind in ("AggregateFunction", "WindowFunction") else None
            if extras is not None:
                yield from self.named_in(text[extras.start() :])
            yield from self._read_operands(expression, text)

    def _read_operands(self, expression: Expr, text: str) -> Iterator[str]:
        try:
            operands = expression.rex_call_operands()
        except Exception:  # noqa: BLE001 - DataFusion raises plain exceptions for what it does not show
            yield from self.named_in(text)
            return
        for operand in operands:
            yield from self._read(operand)
