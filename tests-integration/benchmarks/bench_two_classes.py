"""Two executor classes: the schedule routed by a cost threshold, beside HEFT that may place each task on either.

Run with `python tests-integration/benchmarks/bench_two_classes.py [folder]`; the folder is that of `bench_orders.py`.
Each class has half of the workers, at equal speed. Tasks at or over the threshold go to the remote class; the threshold
is the cost above which half of the work lies, so that both classes have work. Each figure is the makespan over the
lower bound max(critical path, total / workers), which knows no routing: `routed` is ours, `limit` the least that any
order can reach with this routing, `pinned` HEFT held to the same routing, `heft` HEFT that chooses each task's class.
"""

import os
import statistics
import sys

from bench_orders import Workflow, build, place, read_workflows

from plan_scheduler import forecast_routed, schedule_edges

SLOTS = (1, 2, 4, 8)
"""Slots of each class."""


def threshold(seconds: dict[str, float]) -> float:
    """Give the cost at or over which at least half of the work lies."""
    above, total = 0.0, sum(seconds.values())
    for cost in sorted(seconds.values(), reverse=True):
        above += cost
        if above >= total / 2:
            return cost
    return 0.0


def run_heft(flow: Workflow, allowed: list[range]) -> float:
    """HEFT over workers of which each task may use a range: upward rank, earliest finish with insertion."""
    ranks = flow.upward(flow.durations)
    busy: list[list[tuple[float, float]]] = [[] for _ in range(max(each.stop for each in allowed))]
    ends = [0.0] * len(flow.durations)
    for task in sorted(range(len(ranks)), key=lambda each: (-ranks[each], each)):
        ready = max((ends[above] for above in flow.producers[task]), default=0.0)
        duration = flow.durations[task]
        start, worker = min((place(busy[each], ready, duration), each) for each in allowed[task])
        busy[worker].append((start, start + duration))
        busy[worker].sort()
        ends[task] = start + duration
    return max(ends, default=0.0)


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PLAN_WORKFLOWS")
    kinds = ("routed", "limit", "pinned", "heft")
    ratios: dict[str, list[float]] = {kind: [] for kind in kinds}
    print(f"{'workflow':<44}{'tasks':>7}{'slots':>8}" + "".join(f"{kind:>10}" for kind in kinds))
    for name, seconds, edges in read_workflows(folder):
        flow, _ = build(name, seconds, edges)
        schedule = schedule_edges(list(seconds), edges, seconds)
        least = threshold(seconds)
        remote = {task for task, cost in seconds.items() if cost >= least}
        for slots in SLOTS:
            routed = forecast_routed(
                schedule,
                schedule.edges,
                slots={"local": slots, "remote": slots},
                executor_of=lambda task, remote=remote: "remote" if task in remote else "local",
            )
            either = range(2 * slots)
            pinned = [range(slots, 2 * slots) if task in remote else range(slots) for task in schedule.ordered_tasks]
            found = {
                "routed": routed.makespan_seconds,
                "limit": routed.lower_bound_seconds,
                "pinned": run_heft(flow, pinned),
                "heft": run_heft(flow, [either] * len(flow.durations)),
            }
            bound = flow.bound(2 * slots)
            cells = ""
            for kind in kinds:
                ratios[kind].append(found[kind] / bound)
                cells += f"{found[kind] / bound:>10.4f}"
            print(f"{name:<44}{len(flow.durations):>7}{f'{slots}+{slots}':>8}{cells}", flush=True)
    print(f"{'mean':<59}" + "".join(f"{statistics.fmean(ratios[kind]):>10.4f}" for kind in kinds))
    print(f"{'worst':<59}" + "".join(f"{max(ratios[kind]):>10.4f}" for kind in kinds))
    difference = statistics.fmean(ratios["routed"]) - statistics.fmean(ratios["pinned"])
    print(f"routed - HEFT with the same routing, mean ratio: {difference:+.4f}; the goal is at most +0.005")


if __name__ == "__main__":
    main()
