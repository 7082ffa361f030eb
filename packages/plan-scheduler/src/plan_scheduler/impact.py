"""What hangs on a dataset, and what a view is made from."""

from collections.abc import Iterable
from dataclasses import dataclass

from plan_contracts import LogicalGraph, NodeKind, nearest
from plan_contracts.errors import PlanError, raise_all
from plan_scheduler.errors import UnknownTask
from plan_scheduler.reach import neighbours, reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a view is made from."""

    datasets: tuple[str, ...]
    """Datasets it reads, directly or through other views, sorted."""
    views: tuple[str, ...]
    """Views it reads, directly or through others, sorted."""


def impacted(graph: LogicalGraph, names: Iterable[str]) -> tuple[str, ...]:
    """Give the views that change when some datasets or views change.

    Parameters
    ----------
    graph
        The logical graph.
    names
        Datasets or views.

    Returns
    -------
    tuple[str, ...]
        The views among `names` and all views that read one of them, directly or through others, sorted.

    Raises
    ------
    UnknownTask
        When a name is neither; `plan_contracts.PlanErrors` when several are.
    """
    chosen = set(names)
    _check(graph, chosen)
    _, consumers = neighbours(graph)
    return tuple(sorted(reach(chosen, consumers) - _datasets(graph)))


def provenance(graph: LogicalGraph, view: str) -> Provenance:
    """Give the datasets and views that a view is made from, without itself.

    Raises
    ------
    UnknownTask
        When the graph has no such node.
    """
    _check(graph, {view})
    producers, _ = neighbours(graph)
    above = reach([view], producers) - {view}
    datasets = _datasets(graph)
    return Provenance(datasets=tuple(sorted(above & datasets)), views=tuple(sorted(above - datasets)))


def _datasets(graph: LogicalGraph) -> set[str]:
    return {node.name for node in graph.nodes if node.kind is NodeKind.DATASET}


def _check(graph: LogicalGraph, names: set[str]) -> None:
    known = {node.name for node in graph.nodes}
    problems: list[PlanError] = []
    for name in sorted(names - known):
        near = nearest(name, known)
        mend = f"Did you mean `{near}`?" if near else None
        problems.append(UnknownTask(f"There is no dataset or view `{name}`", subject=name, suggestion=mend))
    raise_all(problems)
