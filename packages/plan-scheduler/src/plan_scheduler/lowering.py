"""Lowering: the logical graph becomes tasks."""

from collections.abc import Collection, Mapping, Sequence

from plan_contracts import (
    DataCheck,
    DatasetScan,
    LogicalGraph,
    LogicalNode,
    Materialize,
    NodeKind,
    Task,
    TaskGraph,
    TaskKind,
    digest,
)
from plan_contracts.errors import PlanError, raise_all
from plan_scheduler.check_tasks import add_checks
from plan_scheduler.errors import InputNotAdmitted, UnknownTask, ViewNotPlanned
from plan_scheduler.fusion import fuse
from plan_scheduler.scan_tasks import add_scans

_NO_CHECKS: Mapping[str, Sequence[DataCheck]] = {}
_NO_SCANS: Mapping[str, DatasetScan] = {}


def lower(
    graph: LogicalGraph,
    *,
    admitted: Collection[str] | None = None,
    checks: Mapping[str, Sequence[DataCheck]] = _NO_CHECKS,
    scans: Mapping[str, DatasetScan] = _NO_SCANS,
) -> TaskGraph:
    """Make a task of each admitted view that is not computed inside its readers, of each check and of shared scans.

    Parameters
    ----------
    graph
        Datasets, views and edges.
    admitted
        Views that may run; none admits all.
    checks
        What only data can show, by dataset or view; see `add_checks`.
    scans
        How each dataset is scanned; see `add_scans`.

    Returns
    -------
    TaskGraph
        Tasks bear the name of the view that they hand on; one that computes others too lists them first. Edges join
        tasks only; the datasets that its views read stand on a task. `lowering` says for each view what became of its
        `materialize`, and why.

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
    known = {name: views[name] for name in sorted(chosen & views.keys())}
    datasets: dict[str, set[str]] = {name: set() for name in known}
    inputs: dict[str, list[str]] = {name: [] for name in known}
    for edge in graph.edges:
        if edge.consumer not in known:
            continue
        if edge.producer not in views:
            datasets[edge.consumer].add(edge.producer)
        elif edge.producer in known:
            inputs[edge.consumer].append(edge.producer)
        else:
            problems.append(_not_admitted(edge.producer, edge.consumer))
    problems += [_not_planned(name) for name, view in known.items() if view.definition is None]
    raise_all(problems)
    fusion = fuse(known, inputs, checks)
    edges = {
        (producer, task)
        for task, members in fusion.members.items()
        for member in members
        for producer in inputs[member]
        if producer in fusion.members and producer != task
    }
    tasks = TaskGraph(
        tasks=tuple(
            _task(
                [known[member] for member in members],
                set[str]().union(*(datasets[member] for member in members)),
                temp=fusion.choices[name].materialize is Materialize.TEMP,
            )
            for name, members in sorted(fusion.members.items())
        ),
        edges=tuple(sorted(edges)),
        lowering=tuple(fusion.choices[name] for name in known),
    )
    return add_scans(add_checks(tasks, checks), scans)


def _not_planned(view: str) -> ViewNotPlanned:
    return ViewNotPlanned(
        f"The view `{view}` has no definition, because it did not plan",
        subject=view,
        suggestion="Mend what validation says about it, or leave it out.",
    )


def _not_admitted(producer: str, consumer: str) -> InputNotAdmitted:
    return InputNotAdmitted(
        f"The view `{consumer}` is admitted and its input `{producer}` is not",
        subject=consumer,
        suggestion=f"Admit `{producer}` too, or hold `{consumer}`.",
    )


def _task(members: Sequence[LogicalNode], datasets: Collection[str], *, temp: bool) -> Task:
    """Make the task of a view, the last member, and of those that are computed inside it."""
    view = members[-1]
    definitions = [member.definition or "" for member in members]
    costs = [member.declared_cost for member in members if member.declared_cost is not None]
    return Task(
        name=view.name,
        kind=TaskKind.PYTHON if view.kind is NodeKind.PYTHON_VIEW else TaskKind.VIEW,
        views=tuple(member.name for member in members),
        outputs=(view.name,),
        temp=(view.name,) if temp else (),
        datasets=tuple(sorted(datasets)),
        definition=definitions[0] if len(members) == 1 else digest("fused", *definitions),
        volatile=any(member.volatile for member in members),
        reproducible=any(member.reproducible for member in members),
        tags=tuple(sorted({tag for member in members for tag in member.tags})),
        declared_cost=sum(costs) if costs else None,
    )
