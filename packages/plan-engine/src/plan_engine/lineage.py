"""Where the columns of a view come from, down to the datasets."""

from datafusion import SessionConfig
from msgspec.structs import replace

from plan_contracts import (
    Column,
    ColumnLineage,
    CompiledProject,
    SourceColumn,
    ViewLineage,
    ViewSource,
)
from plan_engine.arrow_schema import schema_of
from plan_engine.plan_lineage import PlanTracer, Traced
from plan_engine.planning_session import PlanningSession

_MOST_STEPS = 10
"""Views through which a column is followed in a message."""

_AS_JOINS = "datafusion.optimizer.enable_physical_uncorrelated_scalar_subquery"
"""Without it, the optimiser makes joins of scalar subqueries, which can be traced column by column."""


def trace_lineage(compiled: CompiledProject, view: str) -> ViewLineage:
    """Trace the columns of a view.

    Each view on the way is planned once more, against the columns that its inputs are known to have; no file is read.

    Parameters
    ----------
    compiled
        The project.
    view
        A view of it.

    Returns
    -------
    ViewLineage
        With `traced` false for a Python view and for a view that does not plan.
    """
    return _Tracing(compiled).lineage(view)


def with_origins(compiled: CompiledProject) -> CompiledProject:
    """Let each finding about types say through which views its columns come, and with which types.

    A column is followed as long as it is computed from one column alone. Nothing is traced where there is no finding
    about a column of a view.
    """
    tracing = _Tracing(compiled)
    told = tuple(
        replace(finding, message=f"{finding.message}{''.join(way)}")
        if (way := [tracing.way(each) for each in finding.columns])
        else finding
        for finding in compiled.findings
    )
    return replace(compiled, findings=told) if told != compiled.findings else compiled


class _Tracing:
    def __init__(self, compiled: CompiledProject) -> None:
        self._compiled = compiled
        self._inputs: dict[str, list[str]] = {}
        for edge in compiled.graph.edges:
            self._inputs.setdefault(edge.consumer, []).append(edge.producer)
        self._planned = {node.name for node in compiled.graph.nodes if node.definition is not None}
        self._traced: dict[str, Traced | None] = {}
        self._origins: dict[SourceColumn, frozenset[SourceColumn]] = {}

    def lineage(self, view: str) -> ViewLineage:
        """Give the lineage of a view, its ancestors traced first."""
        for each in (name for name in self._upstream_first(view) if name not in self._traced):
            self._traced[each] = self._trace(each)
            self._compose(each)
        found = self._traced[view]
        if found is None:
            return ViewLineage(view=view, traced=False)
        columns = tuple(
            ColumnLineage(
                name=column.name,
                type=column.type,
                sources=tuple(sorted(sources)),
                origins=tuple(sorted(self._origins[SourceColumn(table=view, column=column.name)])),
            )
            for column, sources in zip(self._columns(view), found.columns.values(), strict=True)
        )
        return ViewLineage(view=view, columns=columns, rows=tuple(sorted(found.rows)))

    def way(self, column: SourceColumn) -> str:
        """Tell how a column of a view comes about; nothing of a dataset's, or of one that cannot be traced."""
        if column.table not in self._compiled.sources:
            return ""
        self.lineage(column.table)
        steps: list[str] = []
        here = column
        while (source := self._only_source(here)) is not None and len(steps) < _MOST_STEPS:
            steps.append(f"`{source.column}` of `{source.table}` ({self._type(source)})")
            here = source
        return f"; `{column.column}` of `{column.table}` comes from {', and that from '.join(steps)}" if steps else ""

    def _only_source(self, column: SourceColumn) -> SourceColumn | None:
        traced = self._traced.get(column.table)
        if traced is None:
            return None
        names = [each.name for each in self._columns(column.table)]
        sources = list(traced.columns.values())[names.index(column.column)]
        return next(iter(sources)) if len(sources) == 1 else None

    def _type(self, column: SourceColumn) -> str:
        return next(each.type for each in self._columns(column.table) if each.name == column.column)

    def _upstream_first(self, view: str) -> list[str]:
        order: list[str] = []
        seen: set[str] = set()
        stack = [(view, False)]
        while stack:
            name, ready = stack.pop()
            if ready:
                order.append(name)
            elif name in self._compiled.sources and name not in seen:
                seen.add(name)
                stack.append((name, True))
                stack += [(each, False) for each in self._inputs.get(name, ())]
        return order

    def _trace(self, view: str) -> Traced | None:
        source = self._compiled.sources[view]
        if not isinstance(source, ViewSource) or view not in self._planned:
            return None
        session = PlanningSession(source.parameters, SessionConfig().set(_AS_JOINS, "false"))
        tables: dict[str, list[str]] = {}
        for name in self._inputs.get(view, ()):
            columns = self._columns(name)
            session.add_table(name, schema_of(columns))
            tables[name] = [column.name for column in columns]
        return PlanTracer(tables).trace(session.optimized(source.sql))

    def _compose(self, view: str) -> None:
        """Find out where the columns of a view come from in the end, those of its inputs being known."""
        found = self._traced[view]
        if found is None:
            return
        for column, sources in zip(self._columns(view), found.columns.values(), strict=True):
            origins = (self._origins.get(source, frozenset({source})) for source in sources)
            self._origins[SourceColumn(table=view, column=column.name)] = frozenset[SourceColumn]().union(*origins)

    def _columns(self, name: str) -> tuple[Column, ...]:
        return self._compiled.evidence.entries[name].columns
