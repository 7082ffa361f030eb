"""Simulation of the dispatcher: a free slot takes the ready task that comes first in the schedule."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from plan_scheduler.edge_arrays import EdgeArrays, IntArray, pack_edges


@dataclass(frozen=True, slots=True)
class RankedTasks:
    """Tasks numbered by their place in the schedule, as plain lists, ready to be simulated several times."""

    durations: list[int]
    """Microseconds by rank."""
    consumers: list[int]
    """Ranks of the consumers, task after task."""
    starts: list[int]
    """Where the consumers of each rank start, and the end."""
    inputs: list[int]
    """Number of inputs by rank."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """One simulated run."""

    starts: list[int]
    """Start by rank, microseconds."""
    slots: list[int]
    """Slot by rank, from 0."""
    makespan: int
    """End of the last task, microseconds."""


def rank_tasks(graph: EdgeArrays, costs: IntArray, order: IntArray) -> RankedTasks:
    """Number tasks by their place in the schedule.

    Parameters
    ----------
    graph
        Acyclic edges.
    costs
        int64[n], microseconds.
    order
        int64[n]: tasks in schedule order.
    """
    rank = np.empty(graph.count, dtype=np.int64)
    rank[order] = np.arange(graph.count)
    ranked = pack_edges(graph.count, rank[graph.sources], rank[graph.targets])
    return RankedTasks(
        durations=costs[order].tolist(),
        consumers=ranked.targets.tolist(),
        starts=ranked.starts.tolist(),
        inputs=np.bincount(ranked.targets, minlength=graph.count).tolist(),
    )


def simulate(tasks: RankedTasks, workers: int) -> Simulated:
    """Run the tasks on slots that each take one task at a time.

    Parameters
    ----------
    tasks
        Tasks by rank.
    workers
        Slots, at least one.

    Notes
    -----
    At each moment all tasks that end at that moment end first; then free slots, lowest first, take ready tasks,
    lowest rank first. No slot idles while a task is ready.
    """
    count = len(tasks.durations)
    waiting = tasks.inputs.copy()
    ready = [rank for rank, inputs in enumerate(waiting) if not inputs]
    begun, slots = [0] * count, [0] * count
    free = list(range(min(workers, count)))
    running: list[int] = []
    bits = max(1, count.bit_length())
    mask = (1 << bits) - 1
    now = 0
    durations, consumers, starts = tasks.durations, tasks.consumers, tasks.starts
    while ready or running:
        while ready and free:
            rank = heapq.heappop(ready)
            begun[rank] = now
            slots[rank] = heapq.heappop(free)
            # End and rank in one integer compare faster than a tuple.
            heapq.heappush(running, ((now + durations[rank]) << bits) | rank)
        now = running[0] >> bits
        while running and running[0] >> bits == now:
            rank = heapq.heappop(running) & mask
            heapq.heappush(free, slots[rank])
            for consumer in consumers[starts[rank] : starts[rank + 1]]:
                left = waiting[consumer] - 1
                waiting[consumer] = left
                if not left:
                    heapq.heappush(ready, consumer)
    return Simulated(starts=begun, slots=slots, makespan=now)


def simulate_lanes(tasks: RankedTasks, lanes: Sequence[int], slots: Sequence[int]) -> Simulated:
    """Run the tasks on several executors at once, each with slots and a queue of its own.

    Parameters
    ----------
    tasks
        Tasks by rank.
    lanes
        Executor by rank, from 0.
    slots
        Slots by executor, each at least one. In the result slots are numbered through all executors.

    Notes
    -----
    As `simulate`, for each executor: a full one never holds up another.
    """
    count = len(tasks.durations)
    waiting = tasks.inputs.copy()
    ready: list[list[int]] = [[] for _ in slots]
    for rank, inputs in enumerate(waiting):
        if not inputs:
            ready[lanes[rank]].append(rank)
    first = [0, *accumulate(slots)]
    free = [list(range(first[lane], first[lane + 1])) for lane in range(len(slots))]
    begun, taken = [0] * count, [0] * count
    running: list[tuple[int, int]] = []
    now = 0
    while running or any(ready):
        for lane, queue in enumerate(ready):
            while queue and free[lane]:
                rank = heapq.heappop(queue)
                begun[rank] = now
                taken[rank] = heapq.heappop(free[lane])
                heapq.heappush(running, (now + tasks.durations[rank], rank))
        now = running[0][0]
        while running and running[0][0] == now:
            rank = heapq.heappop(running)[1]
            heapq.heappush(free[lanes[rank]], taken[rank])
            for consumer in tasks.consumers[tasks.starts[rank] : tasks.starts[rank + 1]]:
                waiting[consumer] -= 1
                if not waiting[consumer]:
                    heapq.heappush(ready[lanes[consumer]], consumer)
    return Simulated(starts=begun, slots=taken, makespan=now)
