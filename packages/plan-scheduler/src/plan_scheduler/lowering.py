"""Lowering: the logical graph becomes tasks."""

from collections.abc import Collection, Mapping, Sequence

from plan_contracts import (
    DataCheck,
    DatasetScan,
    LogicalGraph,
    LogicalNode,
    LoweringChoice,
    Materialize,
    NodeKind,
    Statistics,
    Task,
    TaskGraph,
    TaskKind,
    digest,
)
from plan_contracts.errors import PlanError, raise_all
from plan_scheduler.check_tasks import add_checks
from plan_scheduler.errors import InputNotAdmitted, UnknownTask, ViewNotPlanned
from plan_scheduler.fusion import Fusion, fuse, is_fused
from plan_scheduler.scan_tasks import add_scans

_NO_CHECKS: Mapping[str, Sequence[DataCheck]] = {}
_NO_SCANS: Mapping[str, DatasetScan] = {}


def lower(
    graph: LogicalGraph,
    *,
    admitted: Collection[str] | None = None,
    statistics: Statistics | None = None,
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
    statistics
        What each view reads and gives, for the views that are `auto`.
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
    nodes = sorted(graph.nodes, key=lambda node: node.name)
    views = {node.name: node for node in nodes if node.kind is not NodeKind.DATASET}
    datasets: dict[str, set[str]] = {name: set() for name in views}
    inputs: dict[str, list[str]] = {name: [] for name in views}
    for edge in sorted(graph.edges, key=lambda edge: (edge.producer, edge.consumer)):
        if edge.producer in views:
            inputs[edge.consumer].append(edge.producer)
        else:
            datasets[edge.consumer].add(edge.producer)
    chosen = set(views) if admitted is None else set(admitted)
    _check_admission(views, inputs, chosen)
    fusion = fuse(views, inputs, statistics=statistics, checked=checks)
    choices = _choices_of_run(views, inputs, chosen, fusion)
    members_of = {name: fusion.members[name] for name, choice in choices.items() if not is_fused(choice)}
    edges = {
        (producer, task)
        for task, members in members_of.items()
        for member in members
        for producer in inputs[member]
        if producer in members_of and producer != task
    }
    tasks = TaskGraph(
        tasks=tuple(
            _task(
                [views[member] for member in members],
                set[str]().union(*(datasets[member] for member in members)),
                temp=choices[name].materialize is Materialize.TEMP,
            )
            for name, members in members_of.items()
        ),
        edges=tuple(sorted(edges)),
        lowering=tuple(choices.values()),
    )
    return add_scans(add_checks(tasks, checks), scans)


def _check_admission(views: Mapping[str, LogicalNode], inputs: Mapping[str, Sequence[str]], chosen: set[str]) -> None:
    problems: list[PlanError] = [
        UnknownTask(f"`{name}` is admitted and is no view of the graph", subject=name)
        for name in sorted(chosen - views.keys())
    ]
    admitted = sorted(chosen & views.keys())
    problems += [
        _not_admitted(producer, name) for name in admitted for producer in inputs[name] if producer not in chosen
    ]
    problems += [_not_planned(name) for name in admitted if views[name].definition is None]
    raise_all(problems)


def _choices_of_run(
    views: Mapping[str, LogicalNode], inputs: Mapping[str, Sequence[str]], chosen: Collection[str], fusion: Fusion
) -> dict[str, LoweringChoice]:
    """Give the choices of the admitted views, sorted; `auto` keeps what only views that do not run would compute."""
    needed = {producer for name in chosen for producer in inputs[name]}
    choices = {name: fusion.choices[name] for name in sorted(chosen)}
    for name, choice in choices.items():
        if is_fused(choice) and views[name].materialize is Materialize.AUTO and name not in needed:
            reason = "`auto`: kept, because none of its readers runs"
            choices[name] = LoweringChoice(view=name, materialize=Materialize.TEMP, reason=reason)
    return choices


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
