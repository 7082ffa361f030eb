"""Scheduler: order, levels, slack and critical path beside numpy, rustworkx, graphlib, networkx and dask; then a plan.

Run with `python tests-integration/benchmarks/bench_scheduler.py [largest] [seconds]`, the largest number of tasks being
1,000,000 unless given. Each figure is the best of the runs that fit into so many seconds, two unless given, one when it
takes longer; all take turns, so that a slow moment of the machine hits each. Building the graph from the same arrays is
included everywhere. Peak memory is that of a process that schedules once. The growth is that of the time per edge from
10,000 tasks to the largest number: what memory costs, beside what it costs plain numpy on the same graph.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

import networkx as nx
import numpy as np
import rustworkx as rx
from dask.order import order as dask_order
from numpy.typing import NDArray

from plan_contracts import (
    CostSource,
    CostTable,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    Materialize,
    NodeKind,
    RequiredColumn,
    Requirement,
    TaskCost,
    artifact_id,
)
from plan_scheduler import lower, plan_signatures, schedule_arrays, schedule_plan

SHAPES = ("layered", "wide", "skewed", "windowed", "chain")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def make_graph(shape: str, count: int) -> tuple[Floats, Ints]:
    """Make costs and about 2.5 edges a task (a chain has one)."""
    chooser = np.random.default_rng(7)
    costs = chooser.lognormal(0, 1, count)
    wanted = count * 5 // 2
    if shape == "chain":
        numbers = np.arange(count, dtype=np.int64)
        return costs, np.stack([numbers[:-1], numbers[1:]], axis=1)
    if shape == "windowed":
        sources = chooser.integers(0, count - 20, wanted)
        return costs, np.stack([sources, sources + chooser.integers(1, 20, wanted)], axis=1)
    if shape == "skewed":
        # A few tasks are read by very many, as dimension tables are.
        sources = (chooser.random(wanted) ** 8 * (count - 1)).astype(np.int64)
        targets = chooser.integers(0, count, wanted)
        low, high = np.minimum(sources, targets), np.maximum(sources, targets)
        return costs, np.stack([low, high], axis=1)[low != high]
    layers = 100 if shape == "layered" else 5
    width = count // layers
    sources = chooser.integers(0, count - width, wanted)
    targets = (sources // width + 1) * width + chooser.integers(0, width, wanted)
    return costs, np.stack([sources, np.minimum(targets, count - 1)], axis=1)


def with_numpy(costs: Floats, edges: Ints) -> None:
    """Find levels, earliest starts and bottom levels alone: no order, no slack, no path, no checks."""
    count = len(costs)
    by_source = np.argsort(edges[:, 0], kind="stable")
    targets = edges[by_source, 1]
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(edges[:, 0], minlength=count), out=starts[1:])
    waiting = np.bincount(targets, minlength=count)
    earliest = np.zeros(count)
    frontier = np.flatnonzero(waiting == 0)
    generations: list[tuple[Ints, Ints, Ints]] = []
    while len(frontier):
        first, degrees = starts[frontier], starts[frontier + 1] - starts[frontier]
        ends = np.cumsum(degrees)
        reached = targets[np.repeat(first - ends + degrees, degrees) + np.arange(ends[-1])]
        sources = np.repeat(frontier, degrees)
        generations.append((frontier, sources, reached))
        np.maximum.at(earliest, reached, earliest[sources] + costs[sources])
        np.subtract.at(waiting, reached, 1)
        frontier = np.unique(reached[waiting[reached] == 0])
    bottom = np.zeros(count)
    for frontier, sources, reached in reversed(generations):
        np.maximum.at(bottom, sources, bottom[reached])
        bottom[frontier] += costs[frontier]


def with_rustworkx(costs: Floats, edges: Ints) -> None:
    """Find order, generations, critical path with a callback, and levels and slack over the neighbours it gives."""
    graph: rx.PyDiGraph[float, None] = rx.PyDiGraph(node_count_hint=len(costs), edge_count_hint=len(edges))
    graph.add_nodes_from(costs.tolist())
    graph.add_edges_from_no_data([(source, target) for source, target in edges.tolist()])
    order = list(rx.topological_sort(graph))
    rx.topological_generations(graph)
    rx.dag_weighted_longest_path(graph, lambda source, _target, _weight: graph[source])
    weights: list[float] = costs.tolist()
    earliest, bottom = [0.0] * len(weights), weights.copy()
    for task in order:
        finish = earliest[task] + weights[task]
        for below in graph.successor_indices(task):
            earliest[below] = max(earliest[below], finish)
    for task in reversed(order):
        bottom[task] += max((bottom[below] for below in graph.successor_indices(task)), default=0.0)
    length = max(bottom)
    slack = [length - below - start for below, start in zip(bottom, earliest, strict=True)]
    sorted(order, key=lambda task: (-bottom[task], slack[task], task))


def with_graphlib(_costs: Floats, edges: Ints) -> None:
    """Find a topological order alone."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for source, target in edges.tolist():
        sorter.add(target, source)
    for _ in sorter.static_order():
        pass


def with_networkx(costs: Floats, edges: Ints) -> None:
    """Find order, generations and critical path."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(costs)))
    graph.add_weighted_edges_from((source, target, float(costs[source])) for source, target in edges.tolist())
    for _ in nx.topological_generations(graph):
        pass
    nx.dag_longest_path(graph)


def with_dask(_costs: Floats, edges: Ints) -> None:
    """Find the static order of dask, which knows no costs, alone."""
    inputs: dict[int, list[int]] = {}
    for source, target in edges.tolist():
        inputs.setdefault(source, [])
        inputs.setdefault(target, []).append(source)
    dask_order({task: (sum, read) for task, read in inputs.items()})


def best_in_turns(runs: Sequence[Callable[[], object]], seconds_each: float) -> list[float]:
    """Measure the shortest of the runs of each that fit into its seconds."""
    best, spent = [float("inf")] * len(runs), [0.0] * len(runs)
    while min(spent) < seconds_each:
        for place, run in enumerate(runs):
            if spent[place] < seconds_each:
                start = time.perf_counter()
                run()
                seconds = time.perf_counter() - start
                best[place], spent[place] = min(best[place], seconds), spent[place] + seconds
    return best


def peak_mebibytes(costs: Floats, edges: Ints) -> float:
    """Measure how far the memory of a process that schedules once rises above the arrays it was given."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "costs.npy", costs)
        np.save(Path(folder) / "edges.npy", edges)
        command = [sys.executable, __file__, "--peak", folder]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(json.loads(output))


def resident_peak() -> float:
    """Give the largest memory of this process so far, MiB; on Linux `getrusage` would count its parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def print_peak(folder: Path) -> None:
    costs, edges = np.load(folder / "costs.npy"), np.load(folder / "edges.npy")
    schedule_arrays(costs[:2], edges[:0])
    before = resident_peak()
    schedule_arrays(costs, edges)
    print(json.dumps(resident_peak() - before))


CONTENDERS: dict[str, tuple[Callable[[Floats, Ints], None], int]] = {
    "numpy levels": (with_numpy, 1_000_000),
    "rustworkx": (with_rustworkx, 1_000_000),
    "graphlib": (with_graphlib, 100_000),
    "networkx": (with_networkx, 100_000),
    "dask order": (with_dask, 10_000),
}
"""What is compared with, and the most tasks that it is given: ten times more take it a minute or longer."""


def compare_arrays(largest: int, seconds_each: float) -> None:
    print(f"schedule_arrays beside others: ns per edge, and how many times ours; {os.cpu_count()} cores")
    titles = "".join(f"{name:>20}" for name in CONTENDERS)
    print(f"{'shape':<10}{'tasks':>10}{'edges':>10}{'seconds':>9}{'ns/edge':>9}{'peak MiB':>9}{titles}")
    for shape in SHAPES:
        per_edge: dict[int, tuple[float, float]] = {}
        for count in [size for size in SIZES if size <= largest]:
            costs, edges = make_graph(shape, count)
            runs = {name: run for name, (run, most) in CONTENDERS.items() if count <= most}
            ours, *theirs = best_in_turns(
                [
                    lambda costs=costs, edges=edges: schedule_arrays(costs, edges),
                    *(lambda run=run, costs=costs, edges=edges: run(costs, edges) for run in runs.values()),
                ],
                seconds_each,
            )
            found = dict(zip(runs, theirs, strict=True))
            cells = "".join(
                f"{found[name] / len(edges) * 1e9:>12,.0f}{found[name] / ours:>7.1f}x"
                if name in found
                else f"{'-':>20}"
                for name in CONTENDERS
            )
            peak = peak_mebibytes(costs, edges)
            figures = f"{ours:>9.3f}{ours / len(edges) * 1e9:>9.0f}{peak:>9.0f}"
            print(f"{shape:<10}{count:>10,}{len(edges):>10,}{figures}{cells}", flush=True)
            per_edge[count] = (ours / len(edges), found["numpy levels"] / len(edges))
        if largest > 10_000:
            ours, numpy = (late / early for late, early in zip(per_edge[max(per_edge)], per_edge[10_000], strict=True))
            print(f"{'':<10}growth of ns/edge from 10,000 tasks: {ours:.2f}x, numpy levels {numpy:.2f}x", flush=True)


def measure_plan(count: int, shape: str) -> None:
    """Take a named plan through signatures, reduction and schedule."""
    _, edges = make_graph(shape, count)
    names = [f"task_{number:07d}" for number in range(count)]
    numbers: list[tuple[int, int]] = edges.tolist()
    pairs = sorted({(names[source], names[target]) for source, target in numbers})
    needs = Requirement(columns=(RequiredColumn(name="id", type="int64"),))
    graph = LogicalGraph(
        nodes=tuple(
            LogicalNode(name=name, kind=NodeKind.SQL_VIEW, definition="0" * 64, materialize=Materialize.TABLE)
            for name in names
        ),
        edges=tuple(LogicalEdge(producer=a, consumer=b, requirement=needs) for a, b in pairs),
    )
    chooser = random.Random(7)
    costs = CostTable(
        costs={name: TaskCost(seconds=chooser.lognormvariate(0, 1), source=CostSource.DEFAULT) for name in names}
    )
    tasks = lower(graph)
    begin = time.perf_counter()
    signatures = plan_signatures(graph)
    signed = time.perf_counter()
    schedule = schedule_plan(tasks, costs=costs, signatures=signatures, run_id="bench")
    scheduled = time.perf_counter()
    artifact_id(schedule)
    hashed = time.perf_counter()
    dropped = "skipped" if signatures.reduction_skipped else "made"
    print(
        f"{shape:<10}{count:>10,}{len(pairs):>10,}{signed - begin:>12.2f} ({dropped}){scheduled - signed:>10.2f}"
        f"{hashed - scheduled:>10.2f}{scheduled - begin:>10.2f}",
        flush=True,
    )


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    compare_arrays(largest, float(sys.argv[2]) if len(sys.argv) > 2 else 2.0)
    print("\na named plan: seconds for signatures with exact reduction, schedule with forecasts, encode and hash")
    print(f"{'shape':<10}{'tasks':>10}{'edges':>10}{'signatures':>19}{'schedule':>10}{'hash':>10}{'sum':>10}")
    for shape in ("layered", "windowed", "skewed"):
        measure_plan(min(100_000, largest), shape)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peak"]:
        print_peak(Path(sys.argv[2]))
    else:
        main()
