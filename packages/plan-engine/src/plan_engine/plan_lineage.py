"""From the columns that a logical plan gives to the columns of the tables that it scans."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from datafusion.expr import Expr
from datafusion.plan import LogicalPlan

from plan_contracts import SourceColumn
from plan_engine.plan_expressions import ExpressionReader
from plan_engine.plan_operators import (
    Aggregation,
    Joining,
    Operator,
    Ordering,
    Projection,
    Recursion,
    Scan,
    Selection,
    Windowing,
    field_names,
    operator_kind,
)
from plan_engine.plan_text import scanned_columns, table_key

Kind = TypeVar("Kind", bound=Operator)

Sources = frozenset[SourceColumn]
"""Columns of tables."""

_NOTHING: Sources = frozenset()


@dataclass(kw_only=True)
class Traced:
    """What an operator gives."""

    columns: dict[str, Sources] = field(default_factory=dict[str, Sources])
    """What each field is computed from, by its qualified name, in order."""
    rows: Sources = _NOTHING
    """What decides which rows there are."""

    @property
    def all(self) -> Sources:
        """Everything that its fields and its rows come from."""
        return self.rows.union(*self.columns.values())


class PlanTracer:
    """Traces the plans of one session.

    Parameters
    ----------
    tables
        Columns of each table that is no common table expression.
    """

    def __init__(self, tables: Mapping[str, Iterable[str]]) -> None:
        self._tables = {name: tuple(columns) for name, columns in tables.items()}
        self._names = {table_key(name): name for name in tables}
        self._recursive: dict[str, Traced] = {}

    def trace(self, plan: LogicalPlan) -> Traced:
        """Trace an optimised plan; what it holds that is not known is taken to read all that it may."""
        kind = operator_kind(plan)
        if kind is Recursion:
            return self._recursion(plan)
        inputs = [self.trace(each) for each in plan.inputs()]
        if kind is Scan:
            return self._scan(plan)
        if kind is Projection:
            return self._projection(plan, inputs[0])
        if kind is Selection:
            return _Scope(self, plan, inputs).passed_on([_as(plan, Selection).predicate()])
        if kind is Ordering:
            return _Scope(self, plan, inputs).passed_on([each.expr() for each in _as(plan, Ordering).sort_exprs()])
        if kind is Aggregation:
            return self._aggregate(plan, inputs[0])
        if kind is Windowing:
            return self._window(plan, inputs[0])
        if kind is Joining:
            return self._join(plan, inputs)
        return _by_position(field_names(plan), inputs)

    def _scan(self, plan: LogicalPlan) -> Traced:
        table, fields = _as(plan, Scan).table_name(), field_names(plan)
        if table in self._recursive:
            known = self._recursive[table]
            return Traced(
                columns={name: _named(_unqualified(name, table), known.columns) for name in fields}, rows=known.rows
            )
        known_as = self._names.get(table_key(table))
        if known_as is None:
            return Traced(columns=dict.fromkeys(fields, _NOTHING))  # a function that gives a table
        sources = [frozenset({SourceColumn(table=known_as, column=_unqualified(name, table))}) for name in fields]
        return Traced(columns=dict(zip(fields, sources, strict=True)))

    def _projection(self, plan: LogicalPlan, below: Traced) -> Traced:
        scope = _Scope(self, plan, [below])
        values = [scope.sources([expression]) for expression in _as(plan, Projection).projections()]
        return Traced(columns=dict(zip(field_names(plan), values, strict=True)), rows=below.rows)

    def _aggregate(self, plan: LogicalPlan, below: Traced) -> Traced:
        operator = _as(plan, Aggregation)
        scope = _Scope(self, plan, [below])
        groups, values = operator.group_by_exprs(), operator.aggregate_exprs()
        fields = field_names(plan)
        keys = {each.schema_name(): scope.sources([each]) for each in groups}
        every_key = scope.sources(groups)
        columns: dict[str, Sources] = {}
        for name in fields[: len(fields) - len(values)]:
            columns[name] = below.columns.get(name, keys.get(name, every_key))
        for name, expression in zip(fields[len(fields) - len(values) :], values, strict=True):
            columns[name] = scope.sources([expression])
        return Traced(columns=columns, rows=below.rows | every_key)

    def _window(self, plan: LogicalPlan, below: Traced) -> Traced:
        operator = _as(plan, Windowing)
        scope = _Scope(self, plan, [below])
        columns = dict(below.columns)
        fields = field_names(plan)[len(below.columns) :]
        for name, expression in zip(fields, operator.get_window_expr(), strict=True):
            sorts = [each.expr() for each in operator.get_sort_exprs(expression)]
            parts = [*operator.get_args(expression), *operator.get_partition_exprs(expression), *sorts]
            columns[name] = scope.sources(parts) | scope.named_in(name)
        return Traced(columns=columns, rows=below.rows)

    def _join(self, plan: LogicalPlan, inputs: list[Traced]) -> Traced:
        operator = _as(plan, Joining)
        scope = _Scope(self, plan, inputs)
        condition = [expression for pair in operator.on() for expression in pair]
        if (filtered := operator.filter()) is not None:
            condition.append(filtered)
        tested = scope.sources(condition)
        rows = tested.union(*(each.rows for each in inputs))
        mark = rows  # the one field of neither side says whether there was a match
        columns = {name: scope.columns.get(name, mark) for name in field_names(plan)}
        return Traced(columns=columns, rows=rows)

    def _recursion(self, plan: LogicalPlan) -> Traced:
        static, recursive = plan.inputs()
        name = _as(plan, Recursion).name()
        found = self.trace(static)
        shadowed = self._recursive.get(name)
        while True:
            self._recursive[name] = found
            again = self.trace(recursive)
            values = [a | b for a, b in zip(found.columns.values(), again.columns.values(), strict=True)]
            following = Traced(columns=dict(zip(found.columns, values, strict=True)), rows=found.rows | again.rows)
            if following == found:
                break
            found = following
        if shadowed is None:
            del self._recursive[name]
        else:
            self._recursive[name] = shadowed
        return found

    def left_in_place(self, text: str) -> Sources:
        """Give all columns that the subqueries read which stand within the expressions of an operator."""
        scanned = scanned_columns(text, self._tables)
        return frozenset(
            SourceColumn(table=table, column=column) for table, columns in scanned.items() for column in columns
        )


class _Scope:
    """The fields that the expressions of one operator may read."""

    def __init__(self, tracer: PlanTracer, plan: LogicalPlan, inputs: list[Traced]) -> None:
        self._tracer = tracer
        self._plan = plan
        self._rows = _NOTHING.union(*(each.rows for each in inputs))
        self.columns = {name: sources for each in inputs for name, sources in each.columns.items()}

    def sources(self, expressions: Iterable[Expr]) -> Sources:
        """Give what expressions are computed from."""
        reader = ExpressionReader(self.columns)
        found = self._of(reader.columns(expressions))
        if reader.holds_subquery:
            text = _subqueries(self._plan)
            found |= self._tracer.left_in_place(text) | self._of(reader.named_in(text))
        return found

    def named_in(self, text: str) -> Sources:
        """Give what the fields are computed from that stand in a text."""
        return self._of(ExpressionReader(self.columns).named_in(text))

    def passed_on(self, tested: list[Expr]) -> Traced:
        """Give the fields as they are, with rows that depend on expressions."""
        return Traced(columns=self.columns, rows=self._rows | self.sources(tested))

    def _of(self, names: Iterable[str]) -> Sources:
        return _NOTHING.union(*(self.columns.get(name, _NOTHING) for name in names))


def _unqualified(field: str, table: str) -> str:
    """Give the column of a scan's field, which stands behind the table, in whichever way the statement names it."""
    place = field.find(f"{table}.")
    return field[place + len(table) + 1 :] if place >= 0 else field


def _as(plan: LogicalPlan, kind: type[Kind]) -> Kind:
    """Give the topmost operator, whose kind is known."""
    del kind
    return cast("Kind", plan.to_variant())


def _by_position(fields: list[str], inputs: list[Traced]) -> Traced:
    """Give each field what stands at its place in every input, or everything where places do not tell."""
    rows = _NOTHING.union(*(each.rows for each in inputs))
    if all(len(each.columns) == len(fields) for each in inputs):
        values = [list(each.columns.values()) for each in inputs]
        return Traced(
            columns={name: _NOTHING.union(*(each[i] for each in values)) for i, name in enumerate(fields)}, rows=rows
        )
    columns = {name: sources for each in inputs for name, sources in each.columns.items()}
    return Traced(columns={name: _unnested(name, columns) for name in fields}, rows=rows)


def _unnested(name: str, columns: Mapping[str, Sources]) -> Sources:
    """Give the sources of a field of UNNEST, whose name begins with that of what it was made from."""
    if name in columns:
        return columns[name]
    begun = [each for each in columns if name.startswith(each.removesuffix(")"))]
    return columns[max(begun, key=len)] if begun else _NOTHING.union(*columns.values())


def _named(name: str, columns: Mapping[str, Sources]) -> Sources:
    """Give the sources of the field of this name, whatever qualifies it; of all fields if none has it."""
    found = [sources for field, sources in columns.items() if field == name or field.endswith(f".{name}")]
    return found[0] if len(found) == 1 else _NOTHING.union(*columns.values())


def _subqueries(plan: LogicalPlan) -> str:
    """Give the text of the subqueries that stand within the expressions of the topmost operator."""
    kept: list[str] = []
    within = False
    for line in plan.display_indent().splitlines()[1:]:
        if line.startswith("  ") and not line.startswith("   "):
            within = line.startswith("  Subquery:")
        if within:
            kept.append(line)
    return "\n".join(kept)
