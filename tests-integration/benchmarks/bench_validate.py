"""Validator: a verdict on every edge of a large graph, beside looking each required column up once.

Run with `python tests-integration/benchmarks/bench_validate.py [largest]`, the largest number of views being 100,000
unless given. A view reads the dataset and two of the fifty views before it, and needs four of their twenty columns;
every hundredth names a column that is not there, and nobody reads it. Each figure is the best of three. The floor looks
every required column of every edge up in a dict, which no validator can do without. Growth is the time per view beside
that of the smallest size: 1 is linear.
"""

import gc
import random
import sys
import time
from collections.abc import Callable

from plan_contracts import (
    AdmissionPolicy,
    Column,
    Evidence,
    EvidenceCatalog,
    EvidenceSource,
    LogicalEdge,
    LogicalGraph,
    LogicalNode,
    NodeKind,
    PlanEvidenceArtifact,
    RequiredColumn,
    Requirement,
)
from plan_validate import admit, find_drift, validate_graph

SIZES = (1_000, 10_000, 100_000)
COLUMNS = tuple(Column(name=f"column_{number:02}", type="int64") for number in range(20))


def _needs(*names: str) -> Requirement:
    return Requirement(columns=tuple(RequiredColumn(name=name, type="int64") for name in names))


def make_project(count: int) -> tuple[LogicalGraph, EvidenceCatalog]:
    """Make views over a dataset and over each other."""
    chooser = random.Random(7)
    names = [f"view_{number:06}" for number in range(count)]
    needed = [_needs(*(column.name for column in COLUMNS[start : start + 4])) for start in range(16)]
    lost = _needs("colum_01")
    edges: list[LogicalEdge] = []
    for number, name in enumerate(names):
        sound = [each for each in range(max(0, number - 50), number) if each % 100 != 99]
        inputs = {"orders", *(names[chooser.choice(sound)] for _ in range(2) if sound)}
        for each in sorted(inputs):
            requirement = lost if number % 100 == 99 and each == "orders" else needed[chooser.randrange(16)]
            edges.append(LogicalEdge(producer=each, consumer=name, requirement=requirement))
    nodes = [LogicalNode(name="orders", kind=NodeKind.DATASET)]
    nodes += [LogicalNode(name=name, kind=NodeKind.SQL_VIEW, path=f"views/{name}.sql") for name in names]
    entries = {name: Evidence(name=name, source=EvidenceSource.PLAN, columns=COLUMNS) for name in ("orders", *names)}
    return LogicalGraph(nodes=tuple(nodes), edges=tuple(edges)), EvidenceCatalog(entries=entries)


def best(run: Callable[[], object]) -> float:
    """Give the least of three durations, in seconds."""
    durations: list[float] = []
    for _ in range(3):
        gc.collect()
        began = time.perf_counter()
        run()
        durations.append(time.perf_counter() - began)
    return min(durations)


def look_up(graph: LogicalGraph, evidence: EvidenceCatalog) -> int:
    """Visit every required column once."""
    columns = {name: {column.name: column for column in entry.columns} for name, entry in evidence.entries.items()}
    missing = 0
    for edge in graph.edges:
        for column in edge.requirement.columns if edge.requirement is not None else ():
            missing += column.name not in columns[edge.producer]
    return missing


def main() -> None:
    """Print microseconds per view, and how they grow."""
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    titles = ("views", "edges", "validate", "us/view", "growth", "floor", "x floor", "admit", "drift")
    print("  ".join(f"{title:>9}" for title in titles))
    first: float | None = None
    for count in (size for size in SIZES if size <= largest):
        graph, evidence = make_project(count)
        artifact = validate_graph(graph, evidence)
        seconds = best(lambda graph=graph, evidence=evidence: validate_graph(graph, evidence))
        floor = best(lambda graph=graph, evidence=evidence: look_up(graph, evidence))
        admitting = best(lambda artifact=artifact: admit(artifact, AdmissionPolicy.PARTIAL))
        known = PlanEvidenceArtifact(plan_signature="", entries=evidence.entries)
        drift = best(lambda known=known: find_drift(known, known, run_id="now", compared_run_id="before"))
        per_view = seconds / count
        first = first or per_view
        figures = (
            f"{count:,}",
            f"{len(graph.edges):,}",
            f"{seconds:.3f} s",
            f"{per_view * 1e6:.1f}",
            f"{per_view / first:.2f}",
            f"{floor:.3f} s",
            f"{seconds / floor:.1f}",
            f"{admitting:.3f} s",
            f"{drift:.3f} s",
        )
        print("  ".join(f"{figure:>9}" for figure in figures), flush=True)


if __name__ == "__main__":
    main()
