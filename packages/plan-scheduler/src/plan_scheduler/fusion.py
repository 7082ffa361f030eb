"""Which views are computed inside their readers, and which are written as tables."""

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from plan_contracts import LogicalNode, LoweringChoice, Materialize, NodeKind

MAX_FUSED_VIEWS = 16
"""Views that one task may expand to, each counted as often as it is read: plans that are larger take long to plan."""


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """What becomes of each view."""

    choices: dict[str, LoweringChoice]
    """By view."""
    members: dict[str, tuple[str, ...]]
    """For each view that is a task: the views it computes, upstream first, itself last."""


def fuse(
    views: Mapping[str, LogicalNode], inputs: Mapping[str, Sequence[str]], checked: Collection[str] = ()
) -> Fusion:
    """Decide which `ephemeral` views are computed inside their readers.

    A view expands to itself and to what each fused input expands to, again for each path, because that is what the
    engine has to plan. Where that is too much, its largest inputs are written as tables. Views on a cycle stay apart,
    so that the cycle is found where cycles are.

    Parameters
    ----------
    views
        The views that become tasks or parts of tasks.
    inputs
        The views that each reads.
    checked
        Views whose result is checked before anything reads it.
    """
    consumers: dict[str, list[str]] = {name: [] for name in views}
    for name in views:
        for producer in inputs[name]:
            consumers[producer].append(name)
    order = _topological(views, inputs, consumers)
    choices = {name: _table(name, "it waits for itself") for name in views}
    expanded = dict.fromkeys(views, 1)
    for name in order:
        choices[name] = _choice(views[name], [views[each] for each in consumers[name]], checked=name in checked)
        fused = sorted((expanded[each], each) for each in inputs[name] if _is_fused(choices[each]))
        expanded[name] = 1 + sum(size for size, _ in fused)
        while expanded[name] > MAX_FUSED_VIEWS:
            size, largest = fused.pop()
            reason = f"`ephemeral` is asked for, but its reader `{name}` would expand to {expanded[name]} views"
            choices[largest] = _table(largest, reason)
            expanded[name] -= size
    return Fusion(choices=choices, members=_members(order, inputs, choices))


def _members(
    order: Sequence[str], inputs: Mapping[str, Sequence[str]], choices: Mapping[str, LoweringChoice]
) -> dict[str, tuple[str, ...]]:
    place = {name: index for index, name in enumerate(order)}
    within: dict[str, set[str]] = {}
    for name in order:
        within[name] = {name}.union(*(within[each] for each in inputs[name] if _is_fused(choices[each])))
    return {
        name: tuple(sorted(within.get(name, {name}), key=lambda each: place.get(each, 0)))
        for name, choice in choices.items()
        if not _is_fused(choice)
    }


def _is_fused(choice: LoweringChoice) -> bool:
    return choice.materialize is Materialize.EPHEMERAL


def _table(view: str, reason: str) -> LoweringChoice:
    return LoweringChoice(view=view, materialize=Materialize.TABLE, reason=reason)


def _choice(view: LogicalNode, consumers: Sequence[LogicalNode], *, checked: bool) -> LoweringChoice:
    if view.materialize is Materialize.TEMP:
        return LoweringChoice(view=view.name, materialize=Materialize.TEMP, reason="`temp` is asked for")
    if view.materialize is not Materialize.EPHEMERAL:
        return _table(view.name, _REASONS[view.materialize])
    if checked:
        return _table(view.name, "`ephemeral` is asked for, but its contract needs a check before anything reads it")
    for each in (view, *consumers):
        if each.kind is NodeKind.PYTHON_VIEW:
            return _table(view.name, f"`ephemeral` is asked for, but `{each.name}` is a Python view")
    if view.volatile:
        return _table(view.name, "`ephemeral` is asked for, but it is volatile: its readers would see different rows")
    reason = "`ephemeral` is asked for" if consumers else "`ephemeral` is asked for, and nothing reads it"
    return LoweringChoice(view=view.name, materialize=Materialize.EPHEMERAL, reason=reason)


_REASONS = {
    Materialize.TABLE: "`table` is asked for",
    Materialize.AUTO: "`auto`: every view is written as a table",
}


def _topological(
    views: Mapping[str, LogicalNode], inputs: Mapping[str, Sequence[str]], consumers: Mapping[str, Sequence[str]]
) -> list[str]:
    """Give the views that are on or below no cycle, producers first, ties by name."""
    waiting = {name: len(inputs[name]) for name in views}
    ready = sorted(name for name, count in waiting.items() if count == 0)
    order: list[str] = []
    while ready:
        name = heapq.heappop(ready)
        order.append(name)
        for consumer in consumers[name]:
            waiting[consumer] -= 1
            if waiting[consumer] == 0:
                heapq.heappush(ready, consumer)
    return order
