"""Lowering: one task per admitted view, with its reason."""

import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from plan_contracts import (
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    Materialize,
    NodeKind,
    PlanErrors,
    Statistics,
    TaskGraph,
    TaskKind,
    ViewStatistics,
    encode_msgpack,
)
from plan_contracts.testing import definition_of, graph
from plan_scheduler import InputNotAdmitted, UnknownTask, ViewNotPlanned, lower
from plan_scheduler.fusion import MAX_FUSED_DEPTH, MAX_FUSED_VIEWS

D = "d" * 64
EPHEMERAL, TABLE, TEMP = Materialize.EPHEMERAL, Materialize.TABLE, Materialize.TEMP


def view(name: str, definition: str | None = D, materialize: Materialize = Materialize.AUTO) -> LogicalNode:
    return LogicalNode(name=name, kind=NodeKind.SQL_VIEW, definition=definition, materialize=materialize)


def edge(producer: str, consumer: str) -> LogicalEdge:
    return LogicalEdge(producer=producer, consumer=consumer)


ORDERS = LogicalNode(name="orders", kind=NodeKind.DATASET)


def test_lower_views_and_datasets_makes_one_task_per_view() -> None:
    scored = LogicalNode(
        name="scored",
        kind=NodeKind.PYTHON_VIEW,
        definition="e" * 64,
        volatile=True,
        reproducible=True,
        tags=("mart",),
        declared_cost=3.5,
    )
    graph = LogicalGraph(
        nodes=(scored, ORDERS, view("clean", materialize=TABLE)),
        edges=(edge("orders", "clean"), edge("clean", "scored"), edge("orders", "scored")),
    )
    tasks = lower(graph)
    assert [task.name for task in tasks.tasks] == ["clean", "scored"]
    assert tasks.edges == (("clean", "scored"),)
    clean, python = tasks.tasks
    assert (clean.kind, clean.views, clean.outputs, clean.datasets, clean.definition) == (
        TaskKind.VIEW,
        ("clean",),
        ("clean",),
        ("orders",),
        D,
    )
    assert python.kind is TaskKind.PYTHON
    assert (python.volatile, python.reproducible, python.tags, python.declared_cost) == (True, True, ("mart",), 3.5)


def test_lower_admitted_views_leaves_out_the_rest() -> None:
    graph = LogicalGraph(
        nodes=(ORDERS, view("a", materialize=TABLE), view("b", materialize=TABLE), view("broken", None)),
        edges=(edge("orders", "a"), edge("a", "b"), edge("b", "broken"), edge("orders", "broken")),
    )
    tasks = lower(graph, admitted=["b", "a"])
    assert [task.name for task in tasks.tasks] == ["a", "b"]
    assert tasks.edges == (("a", "b"),)


@pytest.mark.parametrize(
    ("asked", "became", "reason"),
    [
        (Materialize.TABLE, Materialize.TABLE, "`table` is asked for"),
        (Materialize.AUTO, Materialize.TABLE, "`auto`: nothing reads it, so it is a table"),
        (Materialize.TEMP, Materialize.TEMP, "`temp` is asked for"),
    ],
)
def test_lower_materialize_records_what_became_of_it(asked: Materialize, became: Materialize, reason: str) -> None:
    tasks = lower(LogicalGraph(nodes=(view("a", materialize=asked),), edges=()))
    (choice,) = tasks.lowering
    (task,) = tasks.tasks
    assert (choice.view, choice.materialize, choice.reason) == ("a", became, reason)
    assert (task.outputs, task.temp) == (("a",), ("a",) if became is Materialize.TEMP else ())


def lowered(text: str, ephemeral: str = "", **changes: object) -> TaskGraph:
    """Lower a graph whose nodes are all views, some of them ephemeral and the others tables."""
    made = graph(text, datasets=())
    nodes = tuple(
        replace(node, materialize=EPHEMERAL, **changes)
        if node.name in ephemeral.split()
        else replace(node, materialize=TABLE)
        for node in made.nodes
    )
    return lower(LogicalGraph(nodes=nodes, edges=made.edges))


def test_lower_ephemeral_view_is_computed_inside_each_of_its_readers() -> None:
    tasks = lowered("a -> e -> b; x -> e; e -> c; b, c -> d", "e")

    assert {task.name: task.views for task in tasks.tasks} == {
        "a": ("a",),
        "b": ("e", "b"),
        "c": ("e", "c"),
        "d": ("d",),
        "x": ("x",),
    }
    assert [task.outputs for task in tasks.tasks] == [("a",), ("b",), ("c",), ("d",), ("x",)]
    assert tasks.edges == (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("x", "b"), ("x", "c"))
    assert {choice.view: choice.materialize.value for choice in tasks.lowering}["e"] == "ephemeral"


def test_lower_fused_task_is_identified_by_all_its_views() -> None:
    plain, fused = lowered("e -> b"), lowered("e -> b", "e")
    by_name = {task.name: task for task in plain.tasks}

    (task,) = fused.tasks
    assert task.definition not in {by_name["e"].definition, by_name["b"].definition}
    assert task.definition == lowered("e -> b", "e").tasks[0].definition
    assert lowered("f -> b", "f").tasks[0].definition != task.definition


def test_lower_fused_task_sums_declared_costs_and_joins_tags() -> None:
    made = graph("e -> b", datasets=())
    e, b = made.nodes[1], made.nodes[0]
    nodes = (
        replace(b, declared_cost=2.0, tags=("mart", "x")),
        replace(e, declared_cost=0.5, tags=("staging",), materialize=EPHEMERAL, reproducible=True),
    )

    (task,) = lower(LogicalGraph(nodes=nodes, edges=made.edges)).tasks

    assert (task.declared_cost, task.tags, task.reproducible) == (2.5, ("mart", "staging", "x"), True)


def test_lower_ephemeral_view_that_nothing_reads_is_no_task() -> None:
    tasks = lowered("a -> e", "e")

    assert [task.name for task in tasks.tasks] == ["a"]
    assert tasks.lowering[1].reason == "`ephemeral` is asked for, and nothing reads it"


def test_lower_volatile_and_python_views_are_kept_although_ephemeral_is_asked_for() -> None:
    volatile = lowered("e -> b", "e", volatile=True)
    python = lowered("e -> b", "e", kind=NodeKind.PYTHON_VIEW)
    reader = graph("e -> b", datasets=())
    nodes = (replace(reader.nodes[0], kind=NodeKind.PYTHON_VIEW), replace(reader.nodes[1], materialize=EPHEMERAL))

    for tasks in (volatile, python, lower(LogicalGraph(nodes=nodes, edges=reader.edges))):
        assert [task.name for task in tasks.tasks] == ["b", "e"]
        assert tasks.lowering[1].materialize is TEMP
        assert [task.temp for task in tasks.tasks] == [(), ("e",)]
    assert "volatile" in volatile.lowering[1].reason
    assert "Python" in python.lowering[1].reason


def test_lower_ephemeral_chain_is_cut_where_it_grows_too_large() -> None:
    names = [f"v{index:03}" for index in range(100)]

    tasks = lowered(" -> ".join(names), " ".join(names[:-1]))

    assert max(len(task.views) for task in tasks.tasks) == MAX_FUSED_DEPTH
    assert {view for task in tasks.tasks for view in task.views} <= set(names)


def test_lower_ephemeral_diamonds_do_not_grow_beyond_the_bound() -> None:
    layers = [f"a{index:02}, b{index:02}" for index in range(40)]
    names = " ".join(layers).replace(",", "")

    tasks = lowered(" -> ".join(layers), names)

    assert len(tasks.tasks) > 10


def test_lower_reader_of_many_ephemeral_views_reads_the_largest_from_the_cache() -> None:
    small = [f"s{index:02}" for index in range(MAX_FUSED_VIEWS - 1)]

    tasks = lowered(f"a -> b -> c -> reader; {', '.join(small)} -> reader", "a b c " + " ".join(small))

    reader = next(task for task in tasks.tasks if task.name == "reader")
    assert len(reader.views) == MAX_FUSED_VIEWS
    assert [task.name for task in tasks.tasks] == ["c", "reader"]
    choice = next(choice for choice in tasks.lowering if choice.view == "c")
    assert choice.materialize is TEMP
    assert choice.reason == "`ephemeral` is asked for, but its reader `reader` would expand to 19 views"


def test_lower_cycle_of_ephemeral_views_is_left_for_the_scheduler_to_name() -> None:
    tasks = lowered("a -> b -> c -> b; c -> d", "b c")

    assert {("b", "c"), ("c", "b")} <= set(tasks.edges)


@st.composite
def logical_graphs(draw: st.DrawFn) -> tuple[LogicalGraph, Statistics]:
    """Give a graph of views that are asked to be anything, with statistics of any size for some of them."""
    count = draw(st.integers(1, 14))
    names = [f"v{index:02}" for index in draw(st.permutations(range(count)))]
    kinds = st.sampled_from([NodeKind.SQL_VIEW] * 9 + [NodeKind.PYTHON_VIEW])
    nodes = [
        LogicalNode(
            name=name,
            kind=draw(kinds),
            definition=definition_of(name),
            materialize=draw(st.sampled_from([*Materialize, Materialize.AUTO, EPHEMERAL])),
            volatile=draw(st.integers(0, 9)) == 0,
            declared_cost=draw(st.none() | st.floats(0, 100)),
        )
        for name in names
    ]
    edges = [
        edge(names[before], names[after])
        for after in range(count)
        for before in range(after)
        if draw(st.integers(0, 99)) < 30
    ]
    known = [name for name in names if draw(st.booleans())]
    rows = st.integers(0, 10**9)
    views = {
        name: ViewStatistics(
            view=name,
            rows_in=draw(rows),
            rows_out=draw(rows),
            rows_worked=draw(rows),
            rows_held=draw(rows),
            bytes_held=draw(st.integers(0, 4 << 30)),
        )
        for name in known
    }
    return LogicalGraph(nodes=tuple(nodes), edges=tuple(edges)), Statistics(views=views)


def _above(reads: "nx.DiGraph[str]", name: str) -> set[str]:
    found: set[str] = set()
    pending = [name]
    while pending:
        new = set(reads.predecessors(pending.pop())) - found
        found |= new
        pending += new
    return found


@given(logical_graphs(), st.data())
def test_lower_any_choice_keeps_the_graph_acyclic_and_every_dependency(
    made: tuple[LogicalGraph, Statistics], data: st.DataObject
) -> None:
    logical, statistics = made
    reads: nx.DiGraph[str] = nx.DiGraph([(each.producer, each.consumer) for each in logical.edges])
    reads.add_nodes_from(node.name for node in logical.nodes)
    wanted = data.draw(st.sets(st.sampled_from(sorted(reads))))
    admitted = wanted.union(*(_above(reads, name) for name in wanted))

    tasks = lower(logical, admitted=admitted, statistics=statistics)

    lowered_graph: nx.DiGraph[str] = nx.DiGraph(list(tasks.edges))
    lowered_graph.add_nodes_from(task.name for task in tasks.tasks)
    fused = {choice.view for choice in tasks.lowering if choice.materialize is EPHEMERAL}
    assert nx.is_directed_acyclic_graph(lowered_graph)
    assert {choice.view for choice in tasks.lowering} == admitted
    assert {task.name for task in tasks.tasks} == admitted - fused
    for task in tasks.tasks:
        assert task.views[-1] == task.name
        assert set(task.views[:-1]) <= fused
        computed: set[str] = set()
        for member in task.views:  # each is computed after what it reads, here or in a task before
            for producer in reads.predecessors(member):
                assert producer in computed or (producer, task.name) in tasks.edges
            computed.add(member)


@given(logical_graphs(), st.randoms(use_true_random=False))
def test_lower_permuted_graph_gives_the_same_bytes(
    made: tuple[LogicalGraph, Statistics], chooser: random.Random
) -> None:
    logical, statistics = made
    nodes, edges = list(logical.nodes), list(logical.edges)
    chooser.shuffle(nodes)
    chooser.shuffle(edges)
    views = dict(sorted(statistics.views.items(), reverse=True))

    permuted = lower(LogicalGraph(nodes=tuple(nodes), edges=tuple(edges)), statistics=Statistics(views=views))

    assert encode_msgpack(permuted) == encode_msgpack(lower(logical, statistics=statistics))


@given(logical_graphs(), st.data())
def test_lower_choice_of_a_view_does_not_hang_on_which_others_run(
    made: tuple[LogicalGraph, Statistics], data: st.DataObject
) -> None:
    logical, statistics = made
    reads: nx.DiGraph[str] = nx.DiGraph([(each.producer, each.consumer) for each in logical.edges])
    reads.add_nodes_from(node.name for node in logical.nodes)
    wanted = data.draw(st.sampled_from(sorted(reads)))

    some = lower(logical, admitted={wanted, *_above(reads, wanted)}, statistics=statistics)

    whole = {task.name: task for task in lower(logical, statistics=statistics).tasks}
    for task in some.tasks:
        if task.name != wanted:
            assert task == whole[task.name]


def test_lower_impossible_admission_reports_every_problem() -> None:
    graph = LogicalGraph(
        nodes=(view("a"), view("b"), view("c", None)),
        edges=(edge("a", "b"),),
    )
    with pytest.raises(PlanErrors) as caught:
        lower(graph, admitted={"b", "c", "zz"})
    assert [(type(error), error.subject) for error in caught.value.errors] == [
        (UnknownTask, "zz"),
        (InputNotAdmitted, "b"),
        (ViewNotPlanned, "c"),
    ]


def test_lower_empty_graph_is_empty() -> None:
    tasks = lower(LogicalGraph(nodes=(ORDERS,), edges=()))
    assert tasks.tasks == tasks.edges == tasks.lowering == ()
