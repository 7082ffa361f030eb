"""Which views are computed inside their readers, which results are kept for them, and which are outputs.

What is declared wins. `auto` is decided from statistics and structure alone, by documented coefficients: a decision
from history or from the machine's memory would change with each run or place, and with it the definitions of tasks,
and everything would be built again.
"""

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from plan_contracts import LogicalNode, LoweringChoice, Materialize, NodeKind, Statistics
from plan_scheduler.explain import show_seconds
from plan_scheduler.recomputing import ViewWork, keeping_pays, view_work

MAX_FUSED_VIEWS = 16
"""Views that one task may expand to, each counted as often as it is read: plans that are larger take long to plan."""

MAX_FUSED_DEPTH = 8
"""Views that may be computed one inside the other."""

MAX_HELD_BYTES = 2 << 30
"""Memory that the joins, groups, windows and sorts of one task may be expected to hold."""


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """What becomes of each view."""

    choices: dict[str, LoweringChoice]
    """By view."""
    members: dict[str, tuple[str, ...]]
    """For each view: the views that a task of it computes, upstream first, itself last."""


def fuse(
    views: Mapping[str, LogicalNode],
    inputs: Mapping[str, Sequence[str]],
    *,
    statistics: Statistics | None = None,
    checked: Collection[str] = (),
) -> Fusion:
    """Decide what becomes of each view.

    A view expands to itself and to what each fused input expands to, again for each path, because that is what the
    engine has to plan. Where that is too much, its largest inputs are kept instead, those of `auto` first. Views on a
    cycle stay apart, so that the cycle is found where cycles are.

    Parameters
    ----------
    views
        Every view of the project, also those that will not run: what becomes of one view must not hang on whether
        another was admitted.
    inputs
        The views that each reads.
    statistics
        What each view reads and gives; without any, `auto` computes a view with one reader inside it and keeps others.
    checked
        Views whose result is checked before anything reads it.
    """
    consumers: dict[str, list[str]] = {name: [] for name in views}
    for name in views:
        for producer in inputs[name]:
            consumers[producer].append(name)
    order = _topological(views, inputs, consumers)
    known = statistics.views if statistics is not None else {}
    fusing = _Fusing(views, inputs, consumers, {name: view_work(views[name], known.get(name)) for name in order})
    for name in order:
        fusing.hold_inputs_in_bounds(name)
        fusing.choose(name, checked=name in checked)
    fusing.keep_what_is_computed_too_often(order)
    choices = {
        name: fusing.choices.get(name) or _became(name, Materialize.TABLE, "it waits for itself") for name in views
    }
    return Fusion(choices=choices, members=_members(order, inputs, choices))


@dataclass(kw_only=True)
class _Plan:
    """What a view comes to with everything that is computed inside it."""

    views: int
    depth: int
    held_bytes: int
    seconds: float


@dataclass
class _Fusing:
    """The choices so far, upstream first."""

    views: Mapping[str, LogicalNode]
    inputs: Mapping[str, Sequence[str]]
    consumers: Mapping[str, Sequence[str]]
    work: Mapping[str, ViewWork]
    choices: dict[str, LoweringChoice] = field(default_factory=dict[str, LoweringChoice])
    plans: dict[str, _Plan] = field(default_factory=dict[str, _Plan])

    def hold_inputs_in_bounds(self, name: str) -> None:
        """Put together what a view comes to; keep the largest inputs where that is too much."""
        work = self.work[name]
        while True:
            fused = [each for each in self.inputs[name] if self._is_fused(each)]
            inner = [self.plans[each] for each in fused]
            plan = _Plan(
                views=1 + sum(each.views for each in inner),
                depth=1 + max((each.depth for each in inner), default=0),
                held_bytes=work.held_bytes + sum(each.held_bytes for each in inner),
                seconds=work.compute + sum(each.seconds for each in inner),
            )
            exceeded = _exceeded(plan) if fused else None
            if exceeded is None:
                self.plans[name] = plan
                return
            size, what = exceeded
            largest = max(fused, key=lambda each: (self._is_auto(each), size(self.plans[each]), each))
            asked = "`auto`: kept, because" if self._is_auto(largest) else "`ephemeral` is asked for, but"
            self.choices[largest] = _became(largest, Materialize.TEMP, f"{asked} its reader `{name}` would {what}")

    def choose(self, name: str, *, checked: bool) -> None:
        view = self.views[name]
        asked = view.materialize
        if asked in (Materialize.TABLE, Materialize.TEMP):
            self.choices[name] = _became(name, asked, f"`{asked.value}` is asked for")
            return
        if asked is Materialize.AUTO and not self.consumers[name]:
            self.choices[name] = _became(name, Materialize.TABLE, "`auto`: nothing reads it, so it is a table")
            return
        obstacle = self._obstacle(view, checked=checked)
        if obstacle is not None:
            words = "`auto`: kept, because" if asked is Materialize.AUTO else "`ephemeral` is asked for, but"
            self.choices[name] = _became(name, Materialize.TEMP, f"{words} {obstacle}")
        elif asked is Materialize.EPHEMERAL:
            unread = "" if self.consumers[name] else ", and nothing reads it"
            self.choices[name] = _became(name, asked, f"`ephemeral` is asked for{unread}")
        else:
            self.choices[name] = self._by_cost(name, len(self.consumers[name]))

    def keep_what_is_computed_too_often(self, order: Sequence[str]) -> None:
        """Count, downstream first, how often each fused view is computed, and decide on `auto` once more."""
        times: dict[str, int] = {}
        for name in reversed(order):
            readers = self.consumers[name]
            times[name] = sum(times.get(each, 1) if self._is_fused(each) else 1 for each in readers)
            if self._is_fused(name) and self._is_auto(name) and times[name] > len(readers):
                self.choices[name] = self._by_cost(name, times[name])

    def _by_cost(self, name: str, readers: int) -> LoweringChoice:
        work, seconds = self.work[name], self.plans[name].seconds
        keeping = show_seconds(work.write + readers * work.read)
        kept = keeping_pays(work, seconds, readers)
        if not work.known:
            reason = "one view reads it" if not kept else f"it is read {readers} times, and its size is not known"
        elif readers == 1:
            reason = f"one view reads it; it takes {show_seconds(seconds)} to compute, and {keeping} to keep"
        else:
            again = show_seconds((readers - 1) * seconds)
            reason = f"to compute it {readers} times takes {again} more than once, to keep it {keeping}"
        became = Materialize.TEMP if kept else Materialize.EPHEMERAL
        return _became(name, became, f"`auto`: {'kept' if kept else 'computed inside its readers'}, because {reason}")

    def _obstacle(self, view: LogicalNode, *, checked: bool) -> str | None:
        """Say why a view cannot be computed inside its readers; none when it can."""
        if checked:
            return "its contract needs a check before anything reads it"
        for each in (view, *(self.views[name] for name in self.consumers[view.name])):
            if each.kind is NodeKind.PYTHON_VIEW:
                return f"`{each.name}` is a Python view"
        if view.volatile:
            return "it is volatile: its readers would see different rows"
        return None

    def _is_fused(self, name: str) -> bool:
        return name in self.choices and is_fused(self.choices[name])

    def _is_auto(self, name: str) -> bool:
        return self.views[name].materialize is Materialize.AUTO


def _exceeded(plan: _Plan) -> tuple[Callable[[_Plan], int], str] | None:
    """Give the measure in which a plan is too large, and say so; none when it is not."""
    if plan.views > MAX_FUSED_VIEWS:
        return lambda each: each.views, f"expand to {plan.views} views"
    if plan.depth > MAX_FUSED_DEPTH:
        return lambda each: each.depth, f"be {plan.depth} views deep"
    if plan.held_bytes > MAX_HELD_BYTES:
        return lambda each: each.held_bytes, f"hold about {plan.held_bytes / (1 << 30):.1f} GiB in memory"
    return None


def _members(
    order: Sequence[str], inputs: Mapping[str, Sequence[str]], choices: Mapping[str, LoweringChoice]
) -> dict[str, tuple[str, ...]]:
    place = {name: index for index, name in enumerate(order)}
    within: dict[str, set[str]] = {}
    for name in order:
        within[name] = {name}.union(*(within[each] for each in inputs[name] if is_fused(choices[each])))
    return {name: tuple(sorted(within.get(name, {name}), key=lambda each: place.get(each, 0))) for name in choices}


def is_fused(choice: LoweringChoice) -> bool:
    """Say whether a view is computed inside its readers."""
    return choice.materialize is Materialize.EPHEMERAL


def _became(view: str, materialize: Materialize, reason: str) -> LoweringChoice:
    return LoweringChoice(view=view, materialize=materialize, reason=reason)


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
