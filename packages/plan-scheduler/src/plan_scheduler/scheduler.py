"""From tasks and costs to the schedule artifact."""

from collections.abc import Iterable, Mapping, Sequence

from plan_contracts import CostTable, PlanScheduleArtifact, PlanSignatures, TaskGraph, artifact_id
from plan_scheduler.durations import to_seconds
from plan_scheduler.edge_arrays import IntArray
from plan_scheduler.forecast import WORKERS, forecast_ranked
from plan_scheduler.named_graph import analyse_named
from plan_scheduler.priority import group_generations
from plan_scheduler.rx_graph import find_betweenness, find_bridges, find_dominators
from plan_scheduler.simulation import rank_tasks

MAX_CENTRALITY_TASKS = 5_000
"""Most tasks for which betweenness is found; a few seconds."""

_NOTHING_LEFT_OUT: Mapping[str, str] = {}


def schedule_plan(
    tasks: TaskGraph,
    *,
    costs: CostTable,
    signatures: PlanSignatures,
    run_id: str,
    left_out: Mapping[str, str] = _NOTHING_LEFT_OUT,
    workers: Sequence[int] = WORKERS,
    centrality: bool = False,
    dominators: bool = False,
) -> PlanScheduleArtifact:
    """Schedule tasks.

    Parameters
    ----------
    tasks
        Tasks and edges in any order.
    costs
        A cost for each task; it may also hold costs of tasks that are left out.
    signatures
        Identity of the logical graph that the tasks come from.
    run_id
        The run it is made for.
    left_out
        Tasks that are not scheduled, with the reason.
    workers
        Numbers of workers to forecast for.
    centrality
        Whether to find the betweenness of each task; left out above `MAX_CENTRALITY_TASKS`, because its time grows
        with tasks times edges.
    dominators
        Whether to find the immediate dominator of each task.

    Returns
    -------
    PlanScheduleArtifact
        The same bytes for every order of tasks, edges and costs.

    Raises
    ------
    DuplicateTask, UnknownTask, CostMissing, CostRefused, CycleError
        The one problem there is; `plan_contracts.PlanErrors` with all of them when there are several.
    """
    seconds = {name: cost.seconds for name, cost in costs.costs.items()}
    graph = analyse_named([task.name for task in tasks.tasks], tasks.edges, seconds, other_tasks=left_out)
    names, found = graph.names, graph.analysis
    bridges, articulations = find_bridges(graph.edges)
    ranked = rank_tasks(graph.edges, graph.costs, found.order)

    def by_name(values: IntArray) -> dict[str, float]:
        return dict(zip(names, to_seconds(values).tolist(), strict=True))

    def named(numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(names[number] for number in numbers)

    return PlanScheduleArtifact(
        run_id=run_id,
        plan_signature=signatures.plan_signature,
        reduced_plan_signature=signatures.reduced_plan_signature,
        reduction_skipped=signatures.reduction_skipped,
        task_count=len(names),
        ordered_tasks=named(found.order.tolist()),
        generations=tuple(named(part.tolist()) for part in group_generations(found.order, found.generation)),
        critical_path_tasks=named(found.critical_path.tolist()),
        critical_path_length_weighted=found.length / 1e6,
        task_costs=by_name(graph.costs),
        cost_sources={name: costs.costs[name].source for name in names},
        cost_table_id=artifact_id(costs),
        bottom_level_costs=by_name(found.bottom_level),
        earliest_start=by_name(found.earliest_start),
        slack_by_task=by_name(found.slack),
        views_by_task={task.name: task.views for task in sorted(tasks.tasks, key=lambda task: task.name)},
        left_out={name: left_out[name] for name in sorted(left_out)},
        lowering=tuple(sorted(tasks.lowering, key=lambda choice: choice.view)),
        bridge_edges=tuple((names[source], names[target]) for source, target in bridges),
        articulation_tasks=named(articulations),
        task_centrality=dict(zip(names, find_betweenness(graph.edges), strict=True))
        if centrality and len(names) <= MAX_CENTRALITY_TASKS
        else None,
        task_dominators={names[task]: names[above] for task, above in find_dominators(graph.edges).items()}
        if dominators
        else None,
        forecasts=forecast_ranked(ranked, found.length, workers),
    )
