"""Transitive reduction, held against networkx."""

import random

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_scheduler.edge_arrays import EdgeArrays, pack_edges
from plan_scheduler.levels import ForwardSweep, sweep_forward
from plan_scheduler.reduction import reduce_transitively


def pack(count: int, edges: set[tuple[int, int]]) -> tuple[EdgeArrays, ForwardSweep]:
    pairs = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2)
    graph = pack_edges(count, pairs[:, 0].copy(), pairs[:, 1].copy())
    return graph, sweep_forward(graph, np.zeros(count, dtype=np.int64))


def reduced(count: int, edges: set[tuple[int, int]], band: int) -> set[tuple[int, int]]:
    graph, forward = pack(count, edges)
    reduction = reduce_transitively(graph, forward, band=band)
    assert reduction.skipped is None
    assert reduction.kept is not None
    sources, targets = graph.sources[reduction.kept].tolist(), graph.targets[reduction.kept].tolist()
    return set(zip(sources, targets, strict=True))


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0.02, 0.9), st.sampled_from([1, 3, 8192]))
def test_reduction_random_graph_equals_networkx(seed: int, count: int, density: float, band: int) -> None:
    chooser = random.Random(seed)
    numbers = list(range(count))
    chooser.shuffle(numbers)
    edges = {
        (numbers[low], numbers[high])
        for low in range(count)
        for high in range(low + 1, count)
        if chooser.random() < density
    }
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(edges)
    expected = nx.transitive_reduction(graph)
    assert reduced(count, edges, band) == set(expected.edges())


@pytest.mark.parametrize("window", [3, 40])
def test_reduction_windowed_graph_of_several_bands_equals_networkx(window: int) -> None:
    chooser = random.Random(window)
    count = 1_500
    edges = {(low, chooser.randrange(low + 1, low + 1 + window)) for low in range(count - window) for _ in range(3)}
    graph: nx.DiGraph[int] = nx.DiGraph(list(edges))
    assert reduced(count, edges, 64) == set(nx.transitive_reduction(graph).edges())


def test_reduction_over_bound_is_skipped_with_reason() -> None:
    graph, forward = pack(4, {(0, 1), (1, 2), (0, 2), (2, 3)})
    reduction = reduce_transitively(graph, forward, work_bound=10)
    assert reduction.kept is None
    assert reduction.skipped is not None
    assert "more than the 10" in reduction.skipped


def test_reduction_layered_graph_over_bound_needs_no_work() -> None:
    edges = {(low, high) for low in range(5) for high in range(5, 10)}
    graph, forward = pack(10, edges)
    reduction = reduce_transitively(graph, forward, work_bound=0)
    assert reduction.kept is not None
    assert bool(reduction.kept.all())


@pytest.mark.timeout(60)
def test_reduction_complete_order_keeps_only_the_chain() -> None:
    count = 600
    edges = {(low, high) for low in range(count) for high in range(low + 1, count)}
    assert reduced(count, edges, 8192) == {(low, low + 1) for low in range(count - 1)}
