"""The graph that is judged, looked up by name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from plan_contracts import (
    Column,
    Evidence,
    EvidenceCatalog,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    NodeKind,
    PlanningFinding,
)
from plan_contracts.errors import PlanError, raise_all
from plan_validate.errors import GraphRefused


@dataclass(frozen=True, slots=True)
class KnownGraph:
    """A consistent graph, and what is known of each node."""

    views: dict[str, LogicalNode]
    """Views by name, in order of name."""
    inputs: dict[str, list[LogicalEdge]]
    """Edges into each view, by producer."""
    consumers: dict[str, list[str]]
    """Views that read each view, sorted."""
    evidence: dict[str, Evidence]
    """Evidence by dataset or view."""
    columns: dict[str, dict[str, Column]]
    """Columns by name, by dataset or view that has evidence."""
    findings: dict[str, list[PlanningFinding]]
    """Findings by view, in a fixed order."""

    def columns_beside(self, view: str) -> dict[str, dict[str, Column]]:
        """Give the columns of each input of a view that has evidence."""
        producers = [edge.producer for edge in self.inputs[view]]
        return {producer: self.columns[producer] for producer in producers if producer in self.columns}


def look_up(graph: LogicalGraph, evidence: EvidenceCatalog, findings: Sequence[PlanningFinding]) -> KnownGraph:
    """Index a graph by name.

    Parameters
    ----------
    graph, evidence, findings
        In any order.

    Raises
    ------
    GraphRefused
        When the graph contradicts itself; `plan_contracts.PlanErrors` with all contradictions when there are several.
    """
    raise_all(_contradictions(graph, findings))
    views = {
        node.name: node for node in sorted(graph.nodes, key=lambda node: node.name) if node.kind is not NodeKind.DATASET
    }
    inputs: dict[str, list[LogicalEdge]] = {name: [] for name in views}
    consumers: dict[str, list[str]] = {name: [] for name in views}
    for edge in sorted(graph.edges, key=lambda edge: (edge.producer, edge.consumer)):
        inputs[edge.consumer].append(edge)
        if edge.producer in views:
            consumers[edge.producer].append(edge.consumer)
    by_view: dict[str, list[PlanningFinding]] = {}
    for finding in sorted(findings, key=lambda found: (found.view, found.kind.value, found.subject, found.message)):
        by_view.setdefault(finding.view, []).append(finding)
    return KnownGraph(
        views=views,
        inputs=inputs,
        consumers=consumers,
        evidence=evidence.entries,
        columns={name: {column.name: column for column in entry.columns} for name, entry in evidence.entries.items()},
        findings=by_view,
    )


def _contradictions(graph: LogicalGraph, findings: Sequence[PlanningFinding]) -> list[PlanError]:
    kinds = {node.name: node.kind for node in graph.nodes}
    problems: list[PlanError] = [
        GraphRefused(f"The graph has {times} nodes named `{name}`", subject=name, suggestion="Rename all but one.")
        for name, times in sorted(Counter(node.name for node in graph.nodes).items())
        if times > 1
    ]
    seen: set[tuple[str, str]] = set()
    for edge in sorted(graph.edges, key=lambda edge: (edge.producer, edge.consumer)):
        pair = (edge.producer, edge.consumer)
        shown = f"The edge `{edge.producer}` -> `{edge.consumer}`"
        problems.extend(
            GraphRefused(f"{shown} names `{name}`, which is no node", subject=name, suggestion="Add the node.")
            for name in pair
            if name not in kinds
        )
        if kinds.get(edge.consumer) is NodeKind.DATASET:
            message = f"{shown} leads into a dataset; only views read"
            problems.append(GraphRefused(message, subject=edge.consumer, suggestion="Turn the edge round."))
        if pair in seen:
            message = f"{shown} is given twice"
            problems.append(GraphRefused(message, subject=edge.consumer, suggestion="Join their requirements."))
        seen.add(pair)
    problems.extend(
        GraphRefused(f"A finding names `{view}`, which is no view", subject=view, suggestion="Add the view.")
        for view in sorted({finding.view for finding in findings})
        if kinds.get(view, NodeKind.DATASET) is NodeKind.DATASET
    )
    return problems
