"""Tasks, edges and costs by name become arrays; every independent problem with them is collected."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plan_contracts import nearest
from plan_contracts.errors import PlanError, raise_all
from plan_scheduler.analysis import Analysis, Cyclic, analyse
from plan_scheduler.cycles import find_cycles
from plan_scheduler.durations import MAX_TOTAL_SECONDS, cost_fault, to_microseconds
from plan_scheduler.edge_arrays import EdgeArrays, IntArray, pack_edges
from plan_scheduler.errors import CostMissing, CostRefused, CycleError, DuplicateTask, UnknownTask


@dataclass(frozen=True, slots=True)
class NamedGraph:
    """An acyclic graph of named tasks, analysed."""

    names: list[str]
    """Task names, ascending; task i of the arrays is `names[i]`, so that ties by number are ties by name."""
    edges: EdgeArrays
    """Edges by task number."""
    costs: IntArray
    """int64[n], microseconds."""
    analysis: Analysis
    """Order, levels, slack and critical path."""


def analyse_named(
    tasks: Sequence[str],
    edges: Iterable[tuple[str, str]],
    costs: Mapping[str, float],
    *,
    other_tasks: Iterable[str] = (),
) -> NamedGraph:
    """Check and analyse.

    Parameters
    ----------
    tasks
        Unique names, in any order.
    edges
        (producer, consumer); repeated edges count once.
    costs
        Seconds by task.
    other_tasks
        Names that may have a cost although they are not scheduled.

    Raises
    ------
    DuplicateTask, UnknownTask, CostMissing, CostRefused, CycleError
        The one problem there is.
    plan_contracts.PlanErrors
        All problems, when there are several.
    """
    names = sorted(set(tasks))
    number = {name: index for index, name in enumerate(names)}
    problems: list[PlanError] = []
    if len(names) != len(tasks):
        problems.extend(
            DuplicateTask(f"The task `{name}` is given {times} times", subject=name, suggestion="Rename all but one.")
            for name, times in sorted(Counter(tasks).items())
            if times > 1
        )
    problems.extend(_check_costs(number, costs, frozenset(other_tasks)))
    packed, edge_problems = _pack(number, names, edges)
    problems.extend(edge_problems)

    sound = not problems
    micros = (
        to_microseconds(np.fromiter((costs[name] for name in names), dtype=np.float64, count=len(names)))
        if sound
        else np.zeros(len(names), dtype=np.int64)
    )
    analysis = analyse(packed, micros)
    if isinstance(analysis, Cyclic):
        cycles = find_cycles(packed, analysis.acyclic)
        problems.extend(CycleError([names[task] for task in cycle]) for cycle in cycles)
        raise_all(problems)
        raise CycleError(names[:1])  # unreachable: a cyclic graph has a component of two tasks
    raise_all(problems)
    return NamedGraph(names=names, edges=packed, costs=micros, analysis=analysis)


def _pack(
    number: dict[str, int], names: list[str], edges: Iterable[tuple[str, str]]
) -> tuple[EdgeArrays, list[PlanError]]:
    given = list(edges)
    missing = -1
    sources = np.fromiter((number.get(edge[0], missing) for edge in given), dtype=np.int64, count=len(given))
    targets = np.fromiter((number.get(edge[1], missing) for edge in given), dtype=np.int64, count=len(given))
    problems: list[PlanError] = []
    refused = (sources == targets) | (sources < 0) | (targets < 0)
    if refused.any():
        unknown: dict[str, tuple[str, str]] = {}
        loops: set[str] = set()
        for index in np.flatnonzero(refused).tolist():
            producer, consumer = given[index]
            strangers = [name for name in (producer, consumer) if name not in number]
            for name in strangers:
                unknown.setdefault(name, (producer, consumer))
            if not strangers:
                loops.add(producer)
        for name in sorted(unknown):
            producer, consumer = unknown[name]
            problems.append(_unknown(name, f"the edge `{producer}` -> `{consumer}`", names))
        problems.extend(CycleError([name]) for name in sorted(loops))
        sources, targets = sources[~refused], targets[~refused]
    return pack_edges(len(names), sources, targets), problems


def _check_costs(number: dict[str, int], costs: Mapping[str, float], other_tasks: frozenset[str]) -> list[PlanError]:
    strangers = sorted(costs.keys() - number.keys() - other_tasks)
    problems: list[PlanError] = [_unknown(name, "a cost", list(number)) for name in strangers]
    total = 0.0
    for name in number:
        seconds = costs.get(name)
        if seconds is None:
            problems.append(
                CostMissing(f"The task `{name}` has no cost", subject=name, suggestion="Give its seconds; 0 will do.")
            )
            continue
        fault = cost_fault(seconds)
        if fault is not None:
            problems.append(
                CostRefused(
                    f"The cost of the task `{name}` {fault}", subject=name, suggestion="Give finite seconds from 0 on."
                )
            )
            continue
        total += seconds
    if total > MAX_TOTAL_SECONDS and not problems:
        message = f"The costs add up to {total!r} s, more than the {MAX_TOTAL_SECONDS:.0e} s that are counted exactly"
        problems.append(CostRefused(message, suggestion="Give costs in seconds."))
    return problems


def _unknown(name: str, where: str, names: list[str]) -> UnknownTask:
    # A search for the nearest of very many names takes longer than reading them does.
    near = nearest(name, names) if len(names) <= 10_000 else None
    return UnknownTask(
        f"There is no task `{name}`, which is named in {where}",
        subject=name,
        suggestion=f"Did you mean `{near}`?" if near else "Add the task, or take it out there.",
    )
