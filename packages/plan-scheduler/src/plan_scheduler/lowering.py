"""Lowering: the logical graph becomes tasks."""

from collections.abc import Collection

from plan_contracts import (
    LogicalGraph,
    LogicalNode,
    LoweringChoice,
    Materialize,
    NodeKind,
    Task,
    TaskGraph,
    TaskKind,
)
from plan_contracts.errors import PlanError, raise_all
from plan_scheduler.errors import InputNotAdmitted, UnknownTask, ViewNotPlanned


def lower(graph: LogicalGraph, *, admitted: Collection[str] | None = None) -> TaskGraph:
    """Make one task of each admitted view.

    Parameters
    ----------
    graph
        Datasets, views and edges.
    admitted
        Views that may run; none admits all.

    Returns
    -------
    TaskGraph
        Tasks bear the name and the definition of their view. Edges join tasks only; the datasets that a view reads
        stand on its task. `lowering` says for each view what became of its `materialize`, and why.

    Raises
    ------
    UnknownTask, ViewNotPlanned, InputNotAdmitted
        The one problem there is; `plan_contracts.PlanErrors` with all of them when there are several.
    """
    views = {node.name: node for node in graph.nodes if node.kind is not NodeKind.DATASET}
    chosen = set(views) if admitted is None else set(admitted)
    problems: list[PlanError] = [
        UnknownTask(f"`{name}` is admitted and is no view of the graph", subject=name)
        for name in sorted(chosen - views.keys())
    ]
    datasets: dict[str, list[str]] = {name: [] for name in chosen}
    edges: list[tuple[str, str]] = []
    for edge in graph.edges:
        if edge.consumer not in chosen:
            continue
        if edge.producer not in views:
            datasets[edge.consumer].append(edge.producer)
        elif edge.producer in chosen:
            edges.append((edge.producer, edge.consumer))
        else:
            problems.append(
                InputNotAdmitted(
                    f"The view `{edge.consumer}` is admitted and its input `{edge.producer}` is not",
                    subject=edge.consumer,
                    suggestion=f"Admit `{edge.producer}` too, or hold `{edge.consumer}`.",
                )
            )
    tasks: list[Task] = []
    for name in sorted(chosen & views.keys()):
        node = views[name]
        if node.definition is None:
            problems.append(
                ViewNotPlanned(
                    f"The view `{name}` has no definition, because it did not plan",
                    subject=name,
                    suggestion="Mend what validation says about it, or leave it out.",
                )
            )
            continue
        tasks.append(_task(node, node.definition, datasets[name]))
    raise_all(problems)
    return TaskGraph(
        tasks=tuple(tasks),
        edges=tuple(sorted(set(edges))),
        lowering=tuple(_choice(views[task.name]) for task in tasks),
    )


def _task(node: LogicalNode, definition: str, datasets: list[str]) -> Task:
    return Task(
        name=node.name,
        kind=TaskKind.PYTHON if node.kind is NodeKind.PYTHON_VIEW else TaskKind.VIEW,
        views=(node.name,),
        outputs=(node.name,),
        datasets=tuple(sorted(set(datasets))),
        definition=definition,
        volatile=node.volatile,
        reproducible=node.reproducible,
        tags=tuple(sorted(node.tags)),
        declared_cost=node.declared_cost,
    )


def _choice(node: LogicalNode) -> LoweringChoice:
    if node.materialize is Materialize.TABLE:
        reason = "`table` is asked for"
    elif node.materialize is Materialize.AUTO:
        reason = "`auto`: every view is written as a table"
    else:
        reason = f"`{node.materialize.value}` is asked for and not supported yet: every view is written as a table"
    return LoweringChoice(view=node.name, materialize=Materialize.TABLE, reason=reason)
