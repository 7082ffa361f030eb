"""Graphs from one line of text, and evidence from names and types."""

import re
from collections.abc import Collection, Mapping
from itertools import pairwise

from plan_contracts.arrow_types import canonical_type
from plan_contracts.evidence import Column, Evidence, EvidenceCatalog, EvidenceSource
from plan_contracts.graph import (
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    NodeKind,
    RequiredColumn,
    Requirement,
    Task,
    TaskGraph,
    TaskKind,
)
from plan_contracts.identities import digest
from plan_contracts.names import check_name

_ARROW = re.compile(r"\s*->\s*")
_SEPARATOR = re.compile(r"[;\n]")


def definition_of(name: str) -> str:
    """Give a definition that depends on the name alone, as a sha256 in hexadecimal."""
    return digest("definition", name)


def _chains(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Give the names and the edges, each once, sorted."""
    names: set[str] = set()
    edges: set[tuple[str, str]] = set()
    for chain in _SEPARATOR.split(text):
        if not chain.strip():
            continue
        steps = [[check_name(name.strip(), "node") for name in step.split(",")] for step in _ARROW.split(chain.strip())]
        for step in steps:
            names.update(step)
        for producers, consumers in pairwise(steps):
            edges.update((producer, consumer) for producer in producers for consumer in consumers)
    return sorted(names), sorted(edges)


def graph(
    text: str,
    *,
    datasets: Collection[str] | None = None,
    requires: Mapping[tuple[str, str], Mapping[str, str]] | None = None,
) -> LogicalGraph:
    """Build a logical graph.

    Parameters
    ----------
    text
        Chains of names joined by `->`, separated by `;` or line breaks; `a, b -> c` are two edges, a lone name is a
        node without edges.
    datasets
        The nodes that are datasets; the ones that nothing produces and something reads when omitted.
    requires
        Types by column for an edge `(producer, consumer)`; edges that are not named need no column.

    Returns
    -------
    LogicalGraph
        Nodes sorted by name, edges by producer and consumer; views have definitions that depend on their names alone.

    Raises
    ------
    NameRefused
        When a name is outside the grammar.

    Examples
    --------
    >>> built = graph("a -> b -> c; a -> c")
    >>> [(edge.producer, edge.consumer) for edge in built.edges]
    [('a', 'b'), ('a', 'c'), ('b', 'c')]
    >>> built.nodes[0].kind.value
    'dataset'
    """
    names, edges = _chains(text)
    produced, read = {consumer for _, consumer in edges}, {producer for producer, _ in edges}
    roots = (read - produced) if datasets is None else set(datasets)
    columns = requires or {}
    return LogicalGraph(
        nodes=tuple(
            LogicalNode(name=name, kind=NodeKind.DATASET)
            if name in roots
            else LogicalNode(
                name=name, kind=NodeKind.SQL_VIEW, path=f"views/{name}.sql", definition=definition_of(name)
            )
            for name in names
        ),
        edges=tuple(
            LogicalEdge(
                producer=producer, consumer=consumer, requirement=_requirement(columns.get((producer, consumer), {}))
            )
            for producer, consumer in edges
        ),
    )


def _requirement(columns: Mapping[str, str]) -> Requirement:
    return Requirement(columns=tuple(RequiredColumn(name=name, type=columns[name]) for name in sorted(columns)))


def task_graph(text: str, *, costs: Mapping[str, float] | None = None, temp: Collection[str] = ()) -> TaskGraph:
    """Build a task graph in which each task computes the view of its name.

    Parameters
    ----------
    text
        As for `graph`.
    costs
        Declared costs in seconds, for some or all tasks.
    temp
        Tasks whose results are kept in the cache, and are no outputs.

    Returns
    -------
    TaskGraph
        Tasks sorted by name, edges by producer and consumer.

    Raises
    ------
    NameRefused
        When a name is outside the grammar.

    Examples
    --------
    >>> task_graph("a -> b", costs={"a": 2.5}).tasks[0].declared_cost
    2.5
    """
    names, edges = _chains(text)
    declared = costs or {}
    return TaskGraph(
        tasks=tuple(
            Task(
                name=name,
                kind=TaskKind.VIEW,
                views=(name,),
                outputs=(name,),
                temp=(name,) if name in temp else (),
                definition=definition_of(name),
                declared_cost=declared.get(name),
            )
            for name in names
        ),
        edges=tuple(edges),
    )


def evidence_catalog(
    columns: Mapping[str, Mapping[str, str]], *, rows: Mapping[str, int] | None = None
) -> EvidenceCatalog:
    """Build evidence of datasets.

    Parameters
    ----------
    columns
        Types by column, by dataset, in any spelling.
    rows
        Number of rows, for some or all datasets; unknown for the others.

    Returns
    -------
    EvidenceCatalog
        Columns in the given order, types in canonical form.

    Raises
    ------
    NameRefused
        When a name is outside the grammar.
    TypeNotCanonical
        When a type is none.

    Examples
    --------
    >>> evidence_catalog({"orders": {"id": "bigint"}}).entries["orders"].columns[0].type
    'int64'
    """
    known = rows or {}
    return EvidenceCatalog(
        entries={
            check_name(name, "dataset"): Evidence(
                name=name,
                source=EvidenceSource.FILES,
                columns=tuple(Column(name=column, type=canonical_type(kind)) for column, kind in types.items()),
                rows=known.get(name),
            )
            for name, types in columns.items()
        }
    )
