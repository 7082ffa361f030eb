"""The schedule artifact, its explanation and the signatures."""

import os
import random
import subprocess
import sys
from itertools import pairwise

import networkx as nx
import pytest

from plan_contracts import (
    CostSource,
    CostTable,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    NodeKind,
    PlanScheduleArtifact,
    PlanSignatures,
    Requirement,
    Task,
    TaskCost,
    TaskGraph,
    TaskKind,
    artifact_id,
    decode_msgpack,
    encode_msgpack,
)
from plan_scheduler import (
    CostMissing,
    CycleError,
    UnknownTask,
    explain,
    plan_signatures,
    schedule_plan,
)

SIGNATURES = PlanSignatures(plan_signature="1" * 64, reduced_plan_signature="2" * 64)


def task(name: str) -> Task:
    return Task(name=name, kind=TaskKind.VIEW, views=(name,), outputs=(name,), definition="0" * 64)


def task_graph(*edges: tuple[str, str], alone: tuple[str, ...] = ()) -> TaskGraph:
    names = sorted({name for edge in edges for name in edge} | set(alone))
    return TaskGraph(tasks=tuple(task(name) for name in names), edges=tuple(sorted(edges)))


def cost_table(**seconds: float) -> CostTable:
    return CostTable(
        costs={name: TaskCost(seconds=value, source=CostSource.DECLARED) for name, value in seconds.items()}
    )


DIAMOND = task_graph(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "e"))
COSTS = cost_table(a=1, b=5, c=2, d=0.5, e=0.25)


def make(tasks: TaskGraph = DIAMOND, costs: CostTable = COSTS) -> PlanScheduleArtifact:
    return schedule_plan(tasks, costs=costs, signatures=SIGNATURES, run_id="r1")


def test_schedule_plan_diamond_has_every_figure() -> None:
    schedule = make()
    assert schedule.ordered_tasks == ("a", "b", "c", "d", "e")
    assert schedule.generations == (("a",), ("b", "c"), ("d",), ("e",))
    assert schedule.critical_path_tasks == ("a", "b", "d", "e")
    assert schedule.critical_path_length_weighted == 6.75
    assert schedule.bottom_level_costs == {"a": 6.75, "b": 5.75, "c": 2.75, "d": 0.75, "e": 0.25}
    assert schedule.earliest_start == {"a": 0, "b": 1, "c": 1, "d": 6, "e": 6.5}
    assert schedule.slack_by_task == {"a": 0, "b": 0, "c": 3, "d": 0, "e": 0}
    assert schedule.bridge_edges == (("d", "e"),)
    assert schedule.articulation_tasks == ("d",)
    assert schedule.views_by_task["a"] == ("a",)
    assert schedule.cost_table_id == artifact_id(COSTS)
    assert (schedule.plan_signature, schedule.reduced_plan_signature) == ("1" * 64, "2" * 64)
    assert [(one.workers, one.makespan_seconds) for one in schedule.forecasts] == [
        (1, 8.75),
        (2, 6.75),
        (4, 6.75),
        (8, 6.75),
        (16, 6.75),
    ]


def test_schedule_plan_round_trips_as_document() -> None:
    schedule = make()
    assert decode_msgpack(encode_msgpack(schedule), PlanScheduleArtifact) == schedule


@pytest.mark.parametrize("seed", range(5))
def test_schedule_plan_permuted_input_gives_same_bytes(seed: int) -> None:
    chooser = random.Random(seed)
    tasks, edges, costs = list(DIAMOND.tasks), list(DIAMOND.edges), list(COSTS.costs.items())
    for values in (tasks, edges, costs):
        chooser.shuffle(values)
    other = make(TaskGraph(tasks=tuple(tasks), edges=tuple(edges)), CostTable(costs=dict(costs)))
    assert encode_msgpack(other) == encode_msgpack(make())


def test_schedule_plan_other_hash_seed_gives_same_bytes() -> None:
    program = (
        "import sys; from plan_contracts import *; from plan_scheduler import *\n"
        "names = [f't{i}' for i in range(40)]\n"
        "nodes = tuple(LogicalNode(name=n, kind=NodeKind.SQL_VIEW, definition='0' * 64) for n in set(names))\n"
        "edges = {(names[i], names[j]) for i in range(40) for j in range(i + 1, 40) if (i * j) % 3 == 1}\n"
        "graph = LogicalGraph(nodes=nodes, edges=tuple(LogicalEdge(producer=a, consumer=b) for a, b in edges))\n"
        "tasks, signatures = lower(graph), plan_signatures(graph)\n"
        "costs = estimate_costs(tasks, Statistics(views={}))\n"
        "print(artifact_id(schedule_plan(tasks, costs=costs, signatures=signatures, run_id='r')))\n"
    )
    ids = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(ids) == 1


def test_schedule_plan_left_out_tasks_are_named_and_may_have_costs() -> None:
    costs = cost_table(a=1, b=5, c=2, d=0.5, e=0.25, broken=9)
    schedule = schedule_plan(
        DIAMOND, costs=costs, signatures=SIGNATURES, run_id="r1", left_out={"broken": "it has no column `x`"}
    )
    assert schedule.left_out == {"broken": "it has no column `x`"}
    assert "broken" not in schedule.task_costs
    assert explain(schedule, DIAMOND, "broken") == "`broken` is not scheduled: it has no column `x`"


def test_schedule_plan_missing_and_unknown_costs_are_refused() -> None:
    with pytest.raises(CostMissing, match="`e`"):
        make(costs=cost_table(a=1, b=1, c=1, d=1))
    with pytest.raises(UnknownTask, match="`f`"):
        make(costs=cost_table(a=1, b=1, c=1, d=1, e=1, f=1))


def test_schedule_plan_cycle_is_printed() -> None:
    with pytest.raises(CycleError, match="a -> b -> a"):
        make(task_graph(("a", "b"), ("b", "a")), cost_table(a=1, b=1))


@pytest.mark.parametrize("seed", range(20))
def test_schedule_plan_dominators_and_centrality_agree_with_networkx(seed: int) -> None:
    chooser = random.Random(seed)
    names = [f"t{index:02d}" for index in range(chooser.randint(1, 25))]
    edges = [(a, b) for index, a in enumerate(names) for b in names[index + 1 :] if chooser.random() < 0.15]
    tasks = task_graph(*edges, alone=tuple(names))
    costs = cost_table(**dict.fromkeys(names, 1.0))
    schedule = schedule_plan(tasks, costs=costs, signatures=SIGNATURES, run_id="r", centrality=True, dominators=True)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    assert schedule.task_centrality == pytest.approx(dict(nx.betweenness_centrality(graph)))
    graph.add_edges_from(("", name) for name in names if graph.in_degree(name) == 0)
    above: dict[str, set[str]] = {}
    for name in names:
        without = {other: graph.subgraph(set(graph) - {other}) for other in names if other != name}
        above[name] = {other for other, rest in without.items() if not nx.has_path(rest, "", name)}
    # The dominators of a task lie on one line: the nearest one has most dominators of its own.
    expected = {name: max(found, key=lambda one: len(above[one])) for name, found in above.items() if found}
    assert schedule.task_dominators == expected
    plain = make(tasks, costs)
    assert plain.task_centrality is None
    assert plain.task_dominators is None


def test_explain_task_says_place_reason_and_slack() -> None:
    schedule = make()
    text = explain(schedule, DIAMOND, "c")
    assert text == (
        "`c` is number 3 of 5. It is expected to take 2 s (as plan.toml declares), and 750 ms of work can only follow"
        " it, the dearest path starting with `d`, so its bottom level is 2.75 s. It waits for `a`, and can start 1 s"
        " after the beginning at the earliest. Its slack is 3 s: so much later it may start without delaying the end"
        " (6.75 s). It comes before `d`, whose bottom level is 750 ms."
    )
    assert "on the critical path of 6.75 s" in explain(schedule, DIAMOND, "a")
    assert "It waits for no task" in explain(schedule, DIAMOND, "a")
    assert "It waits for `b` and 1 more" in explain(schedule, DIAMOND, "d")
    assert "nothing waits for it" in explain(schedule, DIAMOND, "e")


def test_explain_second_longest_path_says_so_and_ties_by_name() -> None:
    tasks = task_graph(alone=("a", "b"))
    schedule = make(tasks, cost_table(a=1, b=1))
    assert "It comes before `b`, with which it ties, by name." in explain(schedule, tasks, "a")
    assert "another path as long as the critical path (1 s)" in explain(schedule, tasks, "b")


def test_explain_unknown_task_is_refused() -> None:
    with pytest.raises(UnknownTask, match="`zz`"):
        explain(make(), DIAMOND, "zz")


def logical(*edges: tuple[str, str]) -> LogicalGraph:
    names = sorted({name for edge in edges for name in edge})
    return LogicalGraph(
        nodes=tuple(LogicalNode(name=name, kind=NodeKind.SQL_VIEW, definition="0" * 64) for name in names),
        edges=tuple(LogicalEdge(producer=a, consumer=b, requirement=Requirement()) for a, b in edges),
    )


def test_signatures_redundant_edge_changes_only_the_full_one() -> None:
    lean = plan_signatures(logical(("a", "b"), ("b", "c")))
    fat = plan_signatures(logical(("a", "b"), ("a", "c"), ("b", "c")))
    assert lean.plan_signature == lean.reduced_plan_signature == fat.reduced_plan_signature
    assert fat.plan_signature != lean.plan_signature
    assert fat.reduction_skipped is None


@pytest.mark.parametrize("seed", range(5))
def test_signatures_permuted_graph_are_equal(seed: int) -> None:
    graph = logical(("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("a", "d"))
    chooser = random.Random(seed)
    nodes, edges = list(graph.nodes), list(graph.edges)
    chooser.shuffle(nodes)
    chooser.shuffle(edges)
    assert plan_signatures(LogicalGraph(nodes=tuple(nodes), edges=tuple(edges))) == plan_signatures(graph)


def test_signatures_cyclic_graph_are_equal_with_reason() -> None:
    signatures = plan_signatures(logical(("a", "b"), ("b", "a")))
    assert signatures.plan_signature == signatures.reduced_plan_signature
    assert signatures.reduction_skipped == "the graph has a cycle"
    loop = plan_signatures(logical(("a", "a")))
    assert loop.reduction_skipped == "the graph has a cycle"


def test_signatures_over_bound_are_equal_with_reason() -> None:
    signatures = plan_signatures(logical(("a", "b"), ("a", "c"), ("b", "c")), work_bound=1)
    assert signatures.plan_signature == signatures.reduced_plan_signature
    assert "more than the 1" in (signatures.reduction_skipped or "")


def test_signatures_deep_chain_needs_no_recursion() -> None:
    names = [f"t{index:05d}" for index in range(20_000)]
    signatures = plan_signatures(logical(*pairwise(names)))
    assert signatures.reduction_skipped is None
