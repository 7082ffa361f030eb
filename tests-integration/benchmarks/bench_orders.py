"""Ready orders: the makespan of ours beside FIFO, depth first, shortest and longest first, barriers, HEFT and CPoP.

Run with `python tests-integration/benchmarks/bench_orders.py [folder]`. The folder (or the environment variable
PLAN_WORKFLOWS) holds graphs as JSON files `{"tasks": {id: seconds}, "edges": [[from, to], ...]}`, for example workflows
of the WfCommons collection; without one, random graphs of the same kinds are made. Each figure is the makespan over the
lower bound max(critical path, total / workers); 1 is optimal. `wrong` is ours, planned with costs that are wrong by a
factor of about e and run with the true ones.
"""

import heapq
import json
import math
import os
import random
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plan_scheduler import schedule_edges

WORKERS = (2, 4, 8, 16)


@dataclass(frozen=True)
class Workflow:
    """A graph with durations; tasks are numbered in a topological order."""

    name: str
    durations: list[float]
    producers: list[list[int]]
    consumers: list[list[int]]

    def upward(self, durations: Sequence[float]) -> list[float]:
        """Give each task's duration plus the longest path below it."""
        ranks = [0.0] * len(durations)
        for task in reversed(range(len(durations))):
            ranks[task] = durations[task] + max((ranks[below] for below in self.consumers[task]), default=0.0)
        return ranks

    def downward(self) -> list[float]:
        """Give the longest path above each task."""
        starts = [0.0] * len(self.durations)
        for task in range(len(starts)):
            starts[task] = max((starts[above] + self.durations[above] for above in self.producers[task]), default=0.0)
        return starts

    def depths(self) -> list[int]:
        """Give the generation of each task."""
        found = [0] * len(self.durations)
        for task in range(len(found)):
            found[task] = max((found[above] + 1 for above in self.producers[task]), default=0)
        return found

    def bound(self, workers: int) -> float:
        """Give max(critical path, total / workers)."""
        return max(max(self.upward(self.durations), default=0.0), sum(self.durations) / workers)


def build(name: str, seconds: dict[str, float], edges: list[tuple[str, str]]) -> tuple[Workflow, list[float]]:
    """Number the tasks in the order that our schedule gives; also give our priorities with wrong costs."""
    schedule = schedule_edges(list(seconds), edges, seconds)
    chooser = random.Random(name)
    guesses = {task: seconds[task] * chooser.lognormvariate(0, 1) for task in sorted(seconds)}
    wrong = schedule_edges(list(seconds), edges, guesses)
    number = {task: place for place, task in enumerate(schedule.ordered_tasks)}
    producers: list[list[int]] = [[] for _ in number]
    consumers: list[list[int]] = [[] for _ in number]
    for producer, consumer in schedule.edges:
        producers[number[consumer]].append(number[producer])
        consumers[number[producer]].append(number[consumer])
    places = [0.0] * len(number)
    for place, task in enumerate(wrong.ordered_tasks):
        places[number[task]] = float(place)
    durations = [seconds[task] for task in schedule.ordered_tasks]
    return Workflow(name=name, durations=durations, producers=producers, consumers=consumers), places


def run_list(flow: Workflow, workers: int, order: str, keys: Sequence[float]) -> float:
    """Simulate a list schedule: free workers take the ready task of the least key; FIFO and depth first by arrival."""
    waiting = [len(above) for above in flow.producers]
    arrivals = 0
    ready: list[tuple[float, int]] = []
    running: list[tuple[float, int]] = []
    now = 0.0

    def arrive(task: int) -> None:
        nonlocal arrivals
        arrivals += 1
        key = {"fifo": float(arrivals), "depth": float(-arrivals)}.get(order, keys[task])
        heapq.heappush(ready, (key, task))

    for task, inputs in enumerate(waiting):
        if not inputs:
            arrive(task)
    while ready or running:
        while ready and len(running) < workers:
            task = heapq.heappop(ready)[1]
            heapq.heappush(running, (now + flow.durations[task], task))
        now = running[0][0]
        while running and running[0][0] == now:
            for below in flow.consumers[heapq.heappop(running)[1]]:
                waiting[below] -= 1
                if not waiting[below]:
                    arrive(below)
    return now


def run_barrier(flow: Workflow, workers: int) -> float:
    """Finish each generation before the next one starts; longest first within it."""
    generations: dict[int, list[float]] = {}
    for task, depth in enumerate(flow.depths()):
        generations.setdefault(depth, []).append(flow.durations[task])
    end = 0.0
    for durations in generations.values():
        slots = [0.0] * workers
        for duration in sorted(durations, reverse=True):
            heapq.heapreplace(slots, slots[0] + duration)
        end += max(slots)
    return end


def place(busy: list[tuple[float, float]], ready: float, duration: float) -> float:
    """Give the earliest start in a gap of a worker's busy intervals."""
    start = ready
    for begin, end in busy:
        if begin >= start + duration:
            break
        start = max(start, end)
    return start


def run_placed(flow: Workflow, workers: int, order: Sequence[int], pinned: frozenset[int]) -> float:
    """Place tasks one after the other where they end first, gaps included; pinned ones on the first worker."""
    busy: list[list[tuple[float, float]]] = [[] for _ in range(workers)]
    ends = [0.0] * len(flow.durations)
    for task in order:
        ready = max((ends[above] for above in flow.producers[task]), default=0.0)
        duration = flow.durations[task]
        allowed = [0] if task in pinned else range(workers)
        start, worker = min((place(busy[worker], ready, duration), worker) for worker in allowed)
        busy[worker].append((start, start + duration))
        busy[worker].sort()
        ends[task] = start + duration
    return max(ends, default=0.0)


def run_heft(flow: Workflow, workers: int) -> float:
    """HEFT on equal workers: upward rank, earliest finish with insertion."""
    ranks = flow.upward(flow.durations)
    return run_placed(flow, workers, sorted(range(len(ranks)), key=lambda task: (-ranks[task], task)), frozenset())


def run_cpop(flow: Workflow, workers: int) -> float:
    """CPoP on equal workers: ready tasks by upward plus downward rank, the critical path on one worker."""
    up, down = flow.upward(flow.durations), flow.downward()
    length = max(up, default=0.0)
    priorities = [above + below for above, below in zip(down, up, strict=True)]
    path: list[int] = []
    candidates = [task for task in range(len(up)) if not flow.producers[task]]
    while True:
        critical = [task for task in candidates if math.isclose(priorities[task], length, rel_tol=1e-9)]
        if not critical:
            break
        path.append(critical[0])
        candidates = flow.consumers[critical[0]]
    waiting = [len(above) for above in flow.producers]
    ready = [(-priorities[task], task) for task, inputs in enumerate(waiting) if not inputs]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        task = heapq.heappop(ready)[1]
        order.append(task)
        for below in flow.consumers[task]:
            waiting[below] -= 1
            if not waiting[below]:
                heapq.heappush(ready, (-priorities[below], below))
    return run_placed(flow, workers, order, frozenset(path))


def random_workflows() -> list[tuple[str, dict[str, float], list[tuple[str, str]]]]:
    """Make layered graphs with skewed durations."""
    made: list[tuple[str, dict[str, float], list[tuple[str, str]]]] = []
    for seed in range(6):
        chooser = random.Random(seed)
        count, layers = chooser.choice([100, 300, 600]), chooser.choice([3, 8, 20])
        seconds = {f"t{number:04d}": round(chooser.lognormvariate(1, 1.2), 6) for number in range(count)}
        names = sorted(seconds)
        edges: set[tuple[str, str]] = set()
        for _ in range(count * 2):
            low = chooser.randrange(count - count // layers - 1)
            edges.add((names[low], names[min(count - 1, low + chooser.randint(1, 2 * count // layers))]))
        made.append((f"random-{count}-{layers}-{seed}", seconds, sorted(edges)))
    return made


def read_workflows(folder: str | None) -> list[tuple[str, dict[str, float], list[tuple[str, str]]]]:
    if folder is None:
        return random_workflows()
    found: list[tuple[str, dict[str, float], list[tuple[str, str]]]] = []
    for file in sorted(Path(folder).glob("*.json")):
        document = json.loads(file.read_text())
        seconds = {str(task): float(value) for task, value in document["tasks"].items()}
        found.append((file.stem, seconds, [(str(a), str(b)) for a, b in document["edges"]]))
    return found


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PLAN_WORKFLOWS")
    orders = ("ours", "wrong", "heft", "cpop", "longest", "shortest", "fifo", "depth", "barrier")
    ratios: dict[str, list[float]] = {order: [] for order in orders}
    print(f"{'workflow':<44}{'tasks':>7}{'workers':>8}" + "".join(f"{order:>10}" for order in orders))
    for name, seconds, edges in read_workflows(folder):
        flow, wrong = build(name, seconds, edges)
        count = len(flow.durations)
        for workers in WORKERS:
            makespans = {
                "ours": run_list(flow, workers, "ours", [float(task) for task in range(count)]),
                "wrong": run_list(flow, workers, "wrong", wrong),
                "heft": run_heft(flow, workers),
                "cpop": run_cpop(flow, workers),
                "longest": run_list(flow, workers, "longest", [-duration for duration in flow.durations]),
                "shortest": run_list(flow, workers, "shortest", flow.durations),
                "fifo": run_list(flow, workers, "fifo", flow.durations),
                "depth": run_list(flow, workers, "depth", flow.durations),
                "barrier": run_barrier(flow, workers),
            }
            cells = ""
            for order in orders:
                ratio = makespans[order] / flow.bound(workers)
                ratios[order].append(ratio)
                cells += f"{ratio:>10.4f}"
            print(f"{name:<44}{count:>7}{workers:>8}{cells}", flush=True)
    means = "".join(f"{statistics.fmean(ratios[order]):>10.4f}" for order in orders)
    worst = "".join(f"{max(ratios[order]):>10.4f}" for order in orders)
    print(f"{'mean':<59}{means}\n{'worst':<59}{worst}")
    difference = statistics.fmean(ratios["ours"]) - statistics.fmean(ratios["heft"])
    print(f"ours - HEFT, mean ratio: {difference:+.4f}; the goal is at most +0.005")


if __name__ == "__main__":
    main()
