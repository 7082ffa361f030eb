"""What hangs on something else: who is below whom, and who is to blame."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

MAX_BLAMED = 64
"""Most invalid views that are named for one blocked view, the first ones by name."""


def nodes_below(starts: Iterable[str], consumers: Mapping[str, Sequence[str]]) -> set[str]:
    """Give everything that can be reached from the starts, without the starts themselves.

    Parameters
    ----------
    starts
        Views.
    consumers
        Views that read each view; cycles are allowed.
    """
    begun = set(starts)
    below: set[str] = set()
    queue = deque(sorted(begun))
    while queue:
        for consumer in consumers.get(queue.popleft(), ()):
            if consumer not in begun and consumer not in below:
                below.add(consumer)
                queue.append(consumer)
    return below


def find_blame(invalid: Iterable[str], consumers: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Give, for each view below an invalid one that is not invalid itself, the nearest invalid views above it.

    Parameters
    ----------
    invalid
        Invalid views.
    consumers
        Views that read each view; cycles are allowed.

    Returns
    -------
    dict[str, tuple[str, ...]]
        Sorted names, at most `MAX_BLAMED` of them. An invalid view hides those above it, unless another path leads
        round it.

    Notes
    -----
    Linear in views and edges: the graph below is walked in topological order, and only the views of cycles again
    until nothing changes.
    """
    guilty = set(invalid)
    blocked = nodes_below(guilty, consumers)
    blame: dict[str, tuple[str, ...]] = dict.fromkeys(blocked, ())
    waiting = dict.fromkeys(blocked, 0)
    for view in blocked:
        for consumer in consumers.get(view, ()):
            if consumer in waiting:
                waiting[consumer] += 1

    def pass_on(names: tuple[str, ...], consumer: str) -> bool:
        merged = tuple(sorted({*blame[consumer], *names}))[:MAX_BLAMED]
        changed = merged != blame[consumer]
        blame[consumer] = merged
        return changed

    for view in guilty:
        for consumer in consumers.get(view, ()):
            if consumer in blame:
                pass_on((view,), consumer)
    queue = deque(view for view, inputs in waiting.items() if inputs == 0)
    while queue:
        view = queue.popleft()
        del waiting[view]
        for consumer in consumers.get(view, ()):
            if consumer in blame:
                pass_on(blame[view], consumer)
                waiting[consumer] -= 1
                if not waiting[consumer]:
                    queue.append(consumer)
    again = deque(waiting)
    while again:
        view = again.popleft()
        again.extend(
            consumer for consumer in consumers.get(view, ()) if consumer in blame and pass_on(blame[view], consumer)
        )
    return blame
