"""Signatures of the logical graph and of its transitive reduction."""

import numpy as np

from plan_contracts import LogicalGraph, PlanSignatures, plan_signature
from plan_scheduler.edge_arrays import pack_edges
from plan_scheduler.levels import sweep_forward
from plan_scheduler.reduction import WORK_BOUND, reduce_transitively


def plan_signatures(graph: LogicalGraph, *, work_bound: int = WORK_BOUND) -> PlanSignatures:
    """Sign the graph as a whole, and its transitive reduction.

    Parameters
    ----------
    graph
        Nodes and edges in any order; every edge joins two of the nodes.
    work_bound
        Work above which the reduction is skipped, see `plan_scheduler.reduction.WORK_BOUND`.

    Returns
    -------
    PlanSignatures
        The same for every order of nodes and edges. When the graph has a cycle, or its reduction would take too long,
        the reduced signature equals the other and `reduction_skipped` says why; nothing is raised, so that also a
        broken project has an identity.
    """
    signature = plan_signature(graph)
    number = {node.name: index for index, node in enumerate(sorted(graph.nodes, key=lambda node: node.name))}
    edges = sorted(graph.edges, key=lambda edge: (edge.producer, edge.consumer))
    strangers = sorted({name for edge in edges for name in (edge.producer, edge.consumer)} - number.keys())
    if strangers:
        return _skipped(signature, f"an edge names `{strangers[0]}`, which is no node of the graph")
    sources = np.fromiter((number[edge.producer] for edge in edges), dtype=np.int64, count=len(edges))
    targets = np.fromiter((number[edge.consumer] for edge in edges), dtype=np.int64, count=len(edges))
    packed = pack_edges(len(number), sources, targets)
    forward = sweep_forward(packed, np.zeros(len(number), dtype=np.int64))
    if len(forward.by_generation) < packed.count:
        return _skipped(signature, "the graph has a cycle")
    if packed.duplicates:
        return _skipped(signature, "the graph has two edges between the same nodes")
    reduction = reduce_transitively(packed, forward, work_bound=work_bound)
    if reduction.kept is None:
        return _skipped(signature, reduction.skipped)
    if reduction.kept.all():
        return PlanSignatures(plan_signature=signature, reduced_plan_signature=signature)
    # Edges were packed in the order in which they are sorted here, since numbers follow names.
    kept = [edges[position] for position in np.flatnonzero(reduction.kept).tolist()]
    return PlanSignatures(plan_signature=signature, reduced_plan_signature=plan_signature(graph, kept))


def _skipped(signature: str, reason: str | None) -> PlanSignatures:
    return PlanSignatures(plan_signature=signature, reduced_plan_signature=signature, reduction_skipped=reason)
