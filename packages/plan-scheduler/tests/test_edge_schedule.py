"""The two doors, held against enumerated paths, a heap of ready tasks and networkx."""

import heapq
import random
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan_contracts import PlanErrors
from plan_scheduler import (
    CostMissing,
    CostRefused,
    CycleError,
    DuplicateTask,
    EdgesRefused,
    UnknownTask,
    schedule_arrays,
    schedule_edges,
)
from plan_scheduler.levels import WIDE

Graph = tuple[list[str], list[tuple[str, str]], dict[str, float]]


@st.composite
def small_graphs(draw: st.DrawFn, most: int = 8) -> Graph:
    """Acyclic graphs whose names are in no order, with costs in whole seconds, many of them equal or 0."""
    count = draw(st.integers(0, most))
    names = draw(st.permutations([f"t{index}" for index in range(count)]))
    pairs = [(names[low], names[high]) for low in range(count) for high in range(low + 1, count)]
    edges = [pair for pair in pairs if draw(st.booleans())]
    costs = {name: float(draw(st.integers(0, 3))) for name in names}
    return list(names), edges, costs


def all_maximal_paths(graph: Graph) -> list[tuple[str, ...]]:
    tasks, edges, _ = graph
    consumers = {task: sorted(b for a, b in edges if a == task) for task in tasks}
    starts = [task for task in tasks if not any(b == task for _, b in edges)]

    def extend(path: tuple[str, ...]) -> list[tuple[str, ...]]:
        following = consumers[path[-1]]
        return [path] if not following else [longer for task in following for longer in extend((*path, task))]

    return [path for task in starts for path in extend((task,))]


def length_of(path: tuple[str, ...], costs: dict[str, float]) -> float:
    return sum(costs[task] for task in path)


@given(small_graphs())
def test_levels_small_graph_agree_with_enumerated_paths(graph: Graph) -> None:
    tasks, _, costs = graph
    paths = all_maximal_paths(graph)
    longest = max((length_of(path, costs) for path in paths), default=0.0)
    schedule = schedule_edges(*graph)
    assert schedule.critical_path_length_weighted == longest
    for task in tasks:
        through = [(path[: path.index(task)], path[path.index(task) :]) for path in paths if task in path]
        below = max(length_of(tail, costs) for _, tail in through)
        before = max(length_of(head, costs) for head, _ in through)
        assert schedule.bottom_level_costs[task] == below
        assert schedule.earliest_start[task] == before
        assert schedule.latest_start[task] == longest - below
        assert schedule.slack_by_task[task] == longest - below - before
        on_a_longest_path = any(task in path for path in paths if length_of(path, costs) == longest)
        assert (schedule.slack_by_task[task] == 0) == on_a_longest_path


@given(small_graphs())
def test_critical_path_small_graph_is_first_longest_path_by_name(graph: Graph) -> None:
    costs = graph[2]
    paths = all_maximal_paths(graph)
    longest = max((length_of(path, costs) for path in paths), default=0.0)
    expected = min((path for path in paths if length_of(path, costs) == longest), default=())
    assert schedule_edges(*graph).critical_path_tasks == expected


@given(small_graphs(most=10))
def test_order_small_graph_equals_heap_of_ready_tasks(graph: Graph) -> None:
    tasks, edges, _ = graph
    schedule = schedule_edges(*graph)
    waiting = {task: sum(b == task for _, b in edges) for task in tasks}

    def key(task: str) -> tuple[float, float, str]:
        return (-schedule.bottom_level_costs[task], schedule.slack_by_task[task], task)

    ready = [key(task) for task in tasks if not waiting[task]]
    heapq.heapify(ready)
    expected: list[str] = []
    while ready:
        task = heapq.heappop(ready)[2]
        expected.append(task)
        for consumer in (b for a, b in edges if a == task):
            waiting[consumer] -= 1
            if not waiting[consumer]:
                heapq.heappush(ready, key(consumer))
    assert schedule.ordered_tasks == tuple(expected)


@given(small_graphs(), st.randoms(use_true_random=False))
def test_schedule_permuted_input_is_equal(graph: Graph, shuffler: random.Random) -> None:
    tasks, edges, costs = graph
    other_tasks, other_edges, other_costs = list(tasks), edges * 2, list(costs.items())
    for values in (other_tasks, other_edges, other_costs):
        shuffler.shuffle(values)
    first = schedule_edges(tasks, edges, costs)
    second = schedule_edges(other_tasks, other_edges, dict(other_costs))
    assert second.duplicate_edges == len(edges)
    for field in ("ordered_tasks", "generations", "critical_path_tasks", "slack_by_task", "bridge_edges", "edges"):
        assert getattr(first, field) == getattr(second, field)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([(300, 700), (WIDE * 6, 200), (400, 2000), (60, 59)]),
    st.sampled_from([0, 3, 10**6]),
)
@settings(max_examples=30)
def test_schedule_larger_graph_agrees_with_networkx(seed: int, shape: tuple[int, int], dearest: int) -> None:
    count, edge_count = shape
    chooser = random.Random(seed)
    names = [f"t{index:03d}" for index in range(count)]
    chooser.shuffle(names)
    # Half of the edges stay near, so that there are both deep and shallow parts.
    edges: set[tuple[str, str]] = set()
    for index in range(edge_count):
        low = chooser.randrange(count - 1)
        high = chooser.randrange(low + 1, count if index % 2 else min(count, low + 3))
        edges.add((names[low], names[high]))
    costs = {name: chooser.randint(0, dearest) / 1e6 for name in names}
    schedule = schedule_edges(names, edges, costs)
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    generations: list[list[str]] = list(nx.topological_generations(graph))
    assert [sorted(part) for part in schedule.generations] == [sorted(part) for part in generations]
    weighted: nx.DiGraph[str] = nx.DiGraph()
    weighted.add_weighted_edges_from(((a, b, round(costs[b] * 1e6)) for a, b in edges), weight="micros")
    weighted.add_weighted_edges_from((("", name, round(costs[name] * 1e6)) for name in names), weight="micros")
    length = nx.dag_longest_path_length(weighted, weight="micros")
    assert round(schedule.critical_path_length_weighted * 1e6) == length
    undirected = graph.to_undirected()
    bridges = {frozenset(edge) for edge in nx.bridges(undirected)}
    cut_tasks: list[str] = list(nx.articulation_points(undirected))
    assert {frozenset(edge) for edge in schedule.bridge_edges} == bridges
    assert set(schedule.bridge_edges) <= edges
    assert set(schedule.articulation_tasks) == set(cut_tasks)
    place = {task: index for index, task in enumerate(schedule.ordered_tasks)}
    assert all(place[a] < place[b] for a, b in edges)


@given(small_graphs(most=12))
def test_schedule_arrays_same_graph_equals_schedule_edges(graph: Graph) -> None:
    tasks, edges, costs = graph
    names = sorted(tasks)
    number = {name: index for index, name in enumerate(names)}
    pairs = np.array([[number[a], number[b]] for a, b in edges], dtype=np.int32).reshape(-1, 2)
    arrays = schedule_arrays(np.array([costs[name] for name in names], dtype=np.float64), pairs)
    named = schedule_edges(*graph)
    order: list[int] = arrays.order.tolist()
    path: list[int] = arrays.critical_path.tolist()
    assert tuple(names[task] for task in order) == named.ordered_tasks
    assert tuple(names[task] for task in path) == named.critical_path_tasks
    assert dict(zip(names, arrays.slack.tolist(), strict=True)) == named.slack_by_task
    assert dict(zip(names, arrays.bottom_level.tolist(), strict=True)) == named.bottom_level_costs
    assert dict(zip(names, arrays.latest_start.tolist(), strict=True)) == named.latest_start
    for depth, part in enumerate(named.generations):
        assert all(arrays.generation[number[name]] == depth for name in part)


@pytest.mark.parametrize("cost", [0.0, 1.0])
def test_schedule_chain_of_100000_needs_no_recursion(cost: float) -> None:
    names = [f"t{index:06d}" for index in range(100_000)]
    edges = list(pairwise(names))
    schedule = schedule_edges(names, edges, dict.fromkeys(names, cost))
    assert schedule.ordered_tasks == tuple(names) == schedule.critical_path_tasks
    assert schedule.critical_path_length_weighted == 100_000 * cost
    assert len(schedule.generations) == 100_000
    assert len(schedule.bridge_edges) == 99_999
    assert len(schedule.articulation_tasks) == 99_998


@pytest.mark.timeout(120)
def test_schedule_arrays_chain_of_a_million_needs_no_recursion() -> None:
    count = 1_000_000
    schedule = schedule_arrays(np.full(count, 0.5), np.stack([np.arange(count - 1), np.arange(1, count)], axis=1))
    assert schedule.order.tolist() == schedule.critical_path.tolist() == list(range(count))
    assert schedule.critical_path_seconds == count * 0.5


def straightforward(costs: list[int], edges: set[tuple[int, int]]) -> tuple[list[int], list[int], list[int], list[int]]:
    """Give earliest starts, bottom levels, order and critical path, task by task; edges lead to larger numbers."""
    count = len(costs)
    above: list[list[int]] = [[] for _ in costs]
    below: list[list[int]] = [[] for _ in costs]
    for source, target in sorted(edges):
        below[source].append(target)
        above[target].append(source)
    earliest, bottom = [0] * count, [0] * count
    for task in range(count):
        earliest[task] = max((earliest[each] + costs[each] for each in above[task]), default=0)
    for task in reversed(range(count)):
        bottom[task] = costs[task] + max((bottom[each] for each in below[task]), default=0)
    length = max(bottom)

    def key(task: int) -> tuple[int, int, int]:
        return -bottom[task], length - bottom[task] - earliest[task], task

    waiting = [len(each) for each in above]
    ready = [key(task) for task in range(count) if not waiting[task]]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        task = heapq.heappop(ready)[2]
        order.append(task)
        for consumer in below[task]:
            waiting[consumer] -= 1
            if not waiting[consumer]:
                heapq.heappush(ready, key(consumer))
    path = [next(task for task in range(count) if not above[task] and bottom[task] == length)]
    while below[path[-1]]:
        left = bottom[path[-1]] - costs[path[-1]]
        path.append(next(task for task in below[path[-1]] if bottom[task] == left))
    return earliest, bottom, order, path


@pytest.mark.parametrize(
    ("count", "reach", "dearest"),
    [
        *((count, reach, dearest) for count in (500, 4_000) for reach in (3, 60, 2_000) for dearest in (0, 3, 10**6)),
        (4_000, 2_000, 3 * 10**14),  # so dear that a bottom level and a number do not fit into 64 bits together
    ],
)
def test_schedule_arrays_large_graph_agrees_with_a_straightforward_one(count: int, reach: int, dearest: int) -> None:
    chooser = random.Random(count + reach)
    sources = [chooser.randrange(count - 1) for _ in range(3 * count)]
    edges = {(source, min(count - 1, source + chooser.randint(1, reach))) for source in sources}
    costs = [chooser.randint(0, dearest) for _ in range(count)]
    schedule = schedule_arrays(np.array(costs) / 1e6, np.array(sorted(edges, key=lambda edge: (edge[1], edge[0]))))
    earliest, bottom, order, path = straightforward(costs, edges)
    assert np.rint(schedule.earliest_start * 1e6).astype(int).tolist() == earliest
    assert np.rint(schedule.bottom_level * 1e6).astype(int).tolist() == bottom
    assert schedule.order.tolist() == order
    assert schedule.critical_path.tolist() == path


@pytest.mark.parametrize("odd", [-1.0, float("nan"), float("inf"), float("-inf")])
def test_schedule_cost_that_is_no_duration_is_refused(odd: float) -> None:
    with pytest.raises(CostRefused, match="`b`"):
        schedule_edges(["a", "b"], [("a", "b")], {"a": 1.0, "b": odd})


def test_schedule_star_of_wide_rows_agrees_with_definition() -> None:
    count = 5_000
    hub_out = np.array([[0, task] for task in range(1, count)] + [[task, count] for task in range(1, count)])
    costs = np.arange(count + 1, dtype=np.float64)
    schedule = schedule_arrays(costs, hub_out)
    assert schedule.critical_path.tolist() == [0, count - 1, count]
    assert schedule.critical_path_seconds == count - 1 + count
    assert schedule.order.tolist() == [0, *range(count - 1, 0, -1), count]
    assert schedule.generation.max() == 2


def test_schedule_costs_below_a_second_keep_microseconds() -> None:
    schedule = schedule_edges(["a", "b"], [("a", "b")], {"a": 0.000_001, "b": 0.1})
    assert schedule.critical_path_length_weighted == 0.100_001
    assert schedule.earliest_start == {"a": 0.0, "b": 0.000_001}


def test_schedule_empty_graph_is_empty() -> None:
    schedule = schedule_edges([], [], {})
    assert schedule.ordered_tasks == schedule.critical_path_tasks == schedule.generations == ()
    assert schedule.critical_path_length_weighted == 0
    arrays = schedule_arrays(np.empty(0), np.empty((0, 2), dtype=np.int64))
    assert len(arrays.order) == len(arrays.critical_path) == 0


def test_schedule_names_of_any_unicode_are_kept() -> None:
    names = ["", "ü ber", "雪", "a\nb", "\U0001f600"]
    schedule = schedule_edges(names, [(names[4], names[0])], dict.fromkeys(names, 1))
    assert sorted(schedule.ordered_tasks) == sorted(names)
    assert schedule.critical_path_tasks == (names[4], names[0])


def test_schedule_many_problems_reports_each_once() -> None:
    with pytest.raises(PlanErrors) as caught:
        schedule_edges(
            ["a", "b", "c", "c", "customer"],
            [("a", "b"), ("b", "a"), ("c", "c"), ("custmer", "a"), ("custmer", "b")],
            {"a": 1, "b": -5, "c": float("nan"), "q": 1, "d": float("inf")},
        )
    found = [(type(error), error.subject) for error in caught.value.errors]
    assert found == [
        (DuplicateTask, "c"),
        (UnknownTask, "d"),
        (UnknownTask, "q"),
        (CostRefused, "b"),
        (CostRefused, "c"),
        (CostMissing, "customer"),
        (UnknownTask, "custmer"),
        (CycleError, "c"),
        (CycleError, "a"),
    ]
    assert "Did you mean `customer`?" in str(caught.value)
    assert "a -> b -> a" in str(caught.value)


def test_schedule_cycle_prints_shortest_in_order() -> None:
    edges = [("x", "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("c", "a"), ("d", "y")]
    with pytest.raises(CycleError) as caught:
        schedule_edges(list("abcdxy"), edges, dict.fromkeys("abcdxy", 1))
    assert caught.value.cycle == ("a", "b", "c")
    assert "a -> b -> c -> a" in str(caught.value)
    assert caught.value.code == "plan_cycle"
    assert caught.value.exit_code == 3


def test_schedule_two_knots_prints_both() -> None:
    edges = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "c")]
    with pytest.raises(PlanErrors) as caught:
        schedule_edges(list("abcd"), edges, dict.fromkeys("abcd", 1))
    assert [error.subject for error in caught.value.errors] == ["a", "c"]


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_schedule_random_digraph_cycle_is_one_of_shortest(count: int, seed: int) -> None:
    chooser = random.Random(seed)
    names = [f"t{index:02d}" for index in range(count)]
    edges = [(a, b) for a in names for b in names if a != b and chooser.random() < 1.2 / count]
    graph: nx.DiGraph[str] = nx.DiGraph(edges)
    cyclic = [part for part in nx.strongly_connected_components(graph) if len(part) > 1]
    costs = dict.fromkeys(names, 1.0)
    if not cyclic:
        schedule_edges(names, edges, costs)
        return
    with pytest.raises((CycleError, PlanErrors)) as caught:
        schedule_edges(names, edges, costs)
    errors = caught.value.errors if isinstance(caught.value, PlanErrors) else (caught.value,)
    cycles = [error.cycle for error in errors if isinstance(error, CycleError)]
    assert len(cycles) == len(cyclic)
    for cycle in cycles:
        assert all(graph.has_edge(a, b) for a, b in pairwise((*cycle, cycle[0])))
        home = next(part for part in cyclic if cycle[0] in part)
        girth = min(len(found) for found in nx.simple_cycles(graph.subgraph(home), length_bound=len(cycle)))
        assert len(cycle) == girth
        assert cycle[0] == min(cycle)


def test_schedule_cycle_of_100000_is_reported() -> None:
    names = [f"t{index:06d}" for index in range(100_000)]
    with pytest.raises(CycleError) as caught:
        schedule_edges(names, [*pairwise(names), (names[-1], names[0])], dict.fromkeys(names, 1))
    assert caught.value.cycle == tuple(names)


def test_schedule_too_large_costs_are_refused() -> None:
    with pytest.raises(CostRefused, match="add up"):
        schedule_edges(["a", "b"], [], {"a": 3e12, "b": 3e12})
    with pytest.raises(CostRefused, match="add up"):
        schedule_arrays(np.array([3e12, 3e12]), np.empty((0, 2), dtype=np.int64))


@pytest.mark.parametrize(
    ("costs", "edges", "error", "match"),
    [
        (np.array([1.0, np.nan, -1.0]), np.empty((0, 2), dtype=int), CostRefused, "2 costs .* tasks 1, 2"),
        (np.array([[1.0]]), np.empty((0, 2), dtype=int), EdgesRefused, "float64"),
        (np.array([1.0, 1.0]), np.array([[0, 2]]), EdgesRefused, "outside 0 … 1, in the rows 0"),
        (np.array([1.0, 1.0]), np.array([[-1, 0]]), EdgesRefused, "outside"),
        (np.array([1.0, 1.0]), np.array([0, 1]), EdgesRefused, "int\\[m, 2\\]"),
        (np.array([1.0, 1.0]), np.array([[0.0, 1.0]]), EdgesRefused, "int\\[m, 2\\]"),
        (np.array([1.0, 1.0]), np.array([[1, 1]]), CycleError, "1 -> 1"),
        (np.array([1.0, 1.0]), np.array([[0, 1], [1, 0]]), CycleError, "0 -> 1 -> 0"),
    ],
)
def test_schedule_arrays_bad_input_is_refused(
    costs: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    edges: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    error: type[Exception],
    match: str,
) -> None:
    with pytest.raises(error, match=match):
        schedule_arrays(costs, edges)


def test_schedule_arrays_input_is_left_unchanged() -> None:
    costs, edges = np.array([3.0, 1.0, 2.0]), np.array([[2, 0], [2, 1], [2, 0]], dtype=np.int64)
    before = costs.copy(), edges.copy()
    schedule = schedule_arrays(costs, edges)
    assert schedule.duplicate_edges == 1
    assert np.array_equal(costs, before[0])
    assert np.array_equal(edges, before[1])
