"""The operators of a logical plan with types: DataFusion's Python classes for them have none."""

from typing import Protocol, cast

from datafusion.expr import Expr, SortExpr
from datafusion.plan import LogicalPlan


class Schema(Protocol):
    """The fields that an operator gives."""

    def field_names(self) -> list[str]:
        """Give their qualified names, in order."""
        ...


class Scan(Protocol):
    """`TableScan`."""

    def table_name(self) -> str:
        """Give the table, or the common table expression of a recursive query."""
        ...


class Projection(Protocol):
    """`Projection`."""

    def projections(self) -> list[Expr]:
        """Give an expression per field."""
        ...


class Selection(Protocol):
    """`Filter`."""

    def predicate(self) -> Expr:
        """Give what must hold."""
        ...


class Ordering(Protocol):
    """`Sort`."""

    def sort_exprs(self) -> list[SortExpr]:
        """Give what is sorted by."""
        ...


class Aggregation(Protocol):
    """`Aggregate`."""

    def group_by_exprs(self) -> list[Expr]:
        """Give what is grouped by."""
        ...

    def aggregate_exprs(self) -> list[Expr]:
        """Give an expression per aggregate; their fields come last."""
        ...


class Windowing(Protocol):
    """`WindowAggr`."""

    def get_window_expr(self) -> list[Expr]:
        """Give an expression per window; their fields come last."""
        ...

    def get_args(self, expression: Expr) -> list[Expr]:
        """Give what a window's function takes."""
        ...

    def get_partition_exprs(self, expression: Expr) -> list[Expr]:
        """Give what a window is partitioned by."""
        ...

    def get_sort_exprs(self, expression: Expr) -> list[SortExpr]:
        """Give what a window is sorted by."""
        ...


class Joining(Protocol):
    """`Join`."""

    def on(self) -> list[tuple[Expr, Expr]]:
        """Give the pairs that must be equal."""
        ...

    def filter(self) -> Expr | None:
        """Give what else must hold."""
        ...


class Recursion(Protocol):
    """`RecursiveQuery`; its inputs are the first term and the one that is repeated."""

    def name(self) -> str:
        """Give the common table expression that the repeated term reads."""
        ...


Operator = Scan | Projection | Selection | Ordering | Aggregation | Windowing | Joining | Recursion
"""An operator whose parts matter here."""

_KINDS: dict[str, type[Operator]] = {
    "TableScan": Scan,
    "Projection": Projection,
    "Filter": Selection,
    "Sort": Ordering,
    "Aggregate": Aggregation,
    "WindowExpr": Windowing,
    "Join": Joining,
    "RecursiveQuery": Recursion,
}


def operator_kind(plan: LogicalPlan) -> type[Operator] | None:
    """Say of what kind the topmost operator is; none for one that only hands its inputs on."""
    return _KINDS.get(type(plan.to_variant()).__name__)


def field_names(plan: LogicalPlan) -> list[str]:
    """Give the qualified names of the fields that a plan gives; an operator without any gives those of its input."""
    schema = getattr(plan.to_variant(), "schema", None)
    return cast("Schema", schema()).field_names() if schema is not None else field_names(plan.inputs()[0])
