"""A view as text: what it is, what it needs, what it gives, and where that comes from."""

from collections.abc import Iterable, Iterator

from plan_cli.render.figures import count, size
from plan_contracts import (
    Column,
    LogicalEdge,
    PythonSource,
    SourceColumn,
    Variable,
    ViewDescription,
    ViewLineage,
    ViewStatistics,
)


def view_lines(view: ViewDescription) -> Iterator[str]:
    """Give the description of a view."""
    node, source = view.node, view.source
    kind = "Python view" if isinstance(source, PythonSource) else "SQL view"
    place = f"{source.path}:{source.line}" if isinstance(source, PythonSource) else source.path
    yield f"{node.name}: {kind}, {place}"
    yield f"definition  {node.definition or 'none: it does not plan'}{', built in each run' if node.volatile else ''}"
    if node.tags:
        yield f"tags        {', '.join(node.tags)}"
    if view.lowering is not None:
        yield f"becomes     {view.lowering.materialize.value}: {view.lowering.reason}"
    if node.declared_cost is not None:
        yield f"cost        {node.declared_cost} s, declared"
    if view.statistics is not None:
        yield f"statistics  {_statistics(view.statistics)}"
    if source.parameters:
        yield f"variables   {', '.join(_variable(name, each) for name, each in sorted(source.parameters.items()))}"
    yield f"read by     {', '.join(view.readers) or 'nothing'}"
    for finding in view.findings:
        yield f"finding     {finding.message}"
    for edge in view.inputs:
        yield from _input_lines(edge)
    yield from _output_lines(view.columns)
    if view.lineage is not None:
        yield from _lineage_lines(view.lineage)


def _statistics(statistics: ViewStatistics) -> str:
    read = count(statistics.rows_in, "row") if statistics.rows_in is not None else "an unknown number of rows"
    held = f" ({size(statistics.bytes_in)})" if statistics.bytes_in is not None else ""
    given = count(statistics.rows_out, "row") if statistics.rows_out is not None else "an unknown number of rows"
    return f"reads {read}{held}, gives {given}, {statistics.exactness.value}"


def _variable(name: str, variable: Variable) -> str:
    return f"{name} = {variable.secret or variable.value} ({variable.type})"


def _input_lines(edge: LogicalEdge) -> Iterator[str]:
    if edge.requirement is None:
        yield f"needs of {edge.producer}: not known, so this edge is not validated"
        return
    yield f"needs of {edge.producer}:{'' if edge.requirement.columns else ' its rows'}"
    yield from _aligned((column.name, column.type or "any type") for column in edge.requirement.columns)


def _output_lines(columns: tuple[Column, ...] | None) -> Iterator[str]:
    if columns is None:
        yield "gives: not known"
        return
    yield "gives:"
    yield from _aligned((column.name, column.type + ("" if column.nullable else ", not null")) for column in columns)


def _lineage_lines(lineage: ViewLineage) -> Iterator[str]:
    if not lineage.traced:
        yield "lineage: cannot be traced"
        return
    yield "lineage:"
    for column in lineage.columns:
        yield f"    {column.name}"
        yield f"        from   {_columns(column.sources) or 'no column'}"
        if column.origins != column.sources:
            yield f"        origin {_columns(column.origins) or 'no column'}"
    yield f"    rows and their order depend on {_columns(lineage.rows) or 'no column'}"


def _columns(columns: Iterable[SourceColumn]) -> str:
    return ", ".join(f"{each.table}.{each.column}" for each in columns)


def _aligned(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    rows = list(pairs)
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        yield f"    {name:<{width}}  {text}"
