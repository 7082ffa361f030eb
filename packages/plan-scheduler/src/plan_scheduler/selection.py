"""Selection expressions: a few characters that name a part of the graph."""

import fnmatch
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from plan_contracts import LogicalGraph, LogicalNode, NodeKind, nearest
from plan_scheduler.errors import SelectionRefused
from plan_scheduler.reach import neighbours, reach

_ATOM = re.compile(r"(?P<above>\d*\+)?(?P<core>[^+]*)(?P<below>\+\d*)?")
METHODS = ("tag", "path", "state")


@dataclass(frozen=True, slots=True)
class _Selector:
    """What the atoms of an expression are looked up in."""

    nodes: dict[str, LogicalNode]
    producers: Mapping[str, Sequence[str]]
    consumers: Mapping[str, Sequence[str]]
    modified: Collection[str] | None


def select(
    graph: LogicalGraph, expression: str, *, exclude: str = "", modified: Collection[str] | None = None
) -> tuple[str, ...]:
    """Give the views that an expression names, sorted.

    Parameters
    ----------
    graph
        The logical graph.
    expression
        Atoms joined by commas (all of them must hold) and by white space (one of them must hold). An atom is the name
        of a view or dataset, in which `*` and `?` match any text and any character; `tag:NAME`; `path:PATTERN` over
        the view's file; or `state:modified`. `+` before it adds everything above, `+` behind it everything below, and
        a number limits the steps: `2+name`, `name+1`.
    exclude
        An expression of views that are taken out again.
    modified
        Views whose definition or inputs changed; none when that is not known.

    Raises
    ------
    SelectionRefused
        When an expression is malformed, names nothing that exists, or asks for a state that is not known; the message
        points at the place.

    Examples
    --------
    >>> from plan_contracts.testing import graph
    >>> select(graph("raw -> clean -> daily -> report; clean -> weekly"), "+daily weekly", exclude="clean")
    ('daily', 'weekly')
    """
    producers, consumers = neighbours(graph)
    nodes = {node.name: node for node in graph.nodes}
    selector = _Selector(nodes=nodes, producers=producers, consumers=consumers, modified=modified)
    if not expression.strip():
        raise _refused(expression, 0, 1, "The selection is empty", "Name a view, or leave the selection out.")
    chosen = _union(selector, expression) - _union(selector, exclude)
    return tuple(sorted(name for name in chosen if nodes[name].kind is not NodeKind.DATASET))


def with_inputs(graph: LogicalGraph, views: Iterable[str]) -> frozenset[str]:
    """Give some views and all that they read, directly or through others; datasets are not among them."""
    producers, _ = neighbours(graph)
    datasets = {node.name for node in graph.nodes if node.kind is NodeKind.DATASET}
    return frozenset(reach(views, producers) - datasets)


def _union(selector: _Selector, expression: str) -> set[str]:
    chosen: set[str] = set()
    for term in re.finditer(r"\S+", expression):
        parts: list[set[str]] = []
        start = term.start()
        for atom in term.group().split(","):
            parts.append(_atom(selector, expression, start, atom))
            start += len(atom) + 1
        chosen |= set[str].intersection(*parts)
    return chosen


def _atom(selector: _Selector, expression: str, start: int, atom: str) -> set[str]:
    found = _ATOM.fullmatch(atom)
    if found is None or not found["core"]:
        what = "A comma stands alone" if not atom else f"`{atom}` is no selection"
        mend = "Write a name, `tag:`, `path:` or `state:modified`, with `+` before it, behind it, or both."
        raise _refused(expression, start, max(1, len(atom)), what, mend)
    core, above, below = found["core"], found["above"], found["below"]
    chosen = _core(selector, expression, start + found.start("core"), core)
    result = set(chosen)
    if above is not None:
        result |= reach(chosen, selector.producers, _steps(above))
    if below is not None:
        result |= reach(chosen, selector.consumers, _steps(below))
    return result


def _steps(operator: str) -> int | None:
    digits = operator.strip("+")
    return int(digits) if digits else None


def _core(selector: _Selector, expression: str, start: int, core: str) -> set[str]:
    method, colon, value = core.partition(":")
    nodes = selector.nodes
    if not colon:
        chosen = {name for name in nodes if fnmatch.fnmatchcase(name, core)}
        if not chosen:
            near = nearest(core, nodes)
            mend = f"Did you mean `{near}`?" if near else "See the names that the project has."
            raise _refused(expression, start, len(core), f"There is no dataset or view `{core}`", mend)
        return chosen
    if method == "tag":
        tags = {tag for node in nodes.values() for tag in node.tags}
        if value not in tags:
            near = nearest(value, tags)
            mend = f"Did you mean `tag:{near}`?" if near else "Give a view tags in plan.toml."
            raise _refused(expression, start, len(core), f"No view has the tag `{value}`", mend)
        return {name for name, node in nodes.items() if value in node.tags}
    if method == "path":
        chosen = {name for name, node in nodes.items() if node.path and fnmatch.fnmatchcase(node.path, value)}
        if not chosen:
            mend = "Paths are relative to plan.toml, such as `path:views/marts/*`."
            raise _refused(expression, start, len(core), f"No view's file matches `{value}`", mend)
        return chosen
    if method == "state" and value == "modified":
        if selector.modified is None:
            mend = "It needs an earlier run: build once."
            raise _refused(expression, start, len(core), "It is not known what was modified", mend)
        return set(selector.modified) & nodes.keys()
    near = nearest(method, METHODS)
    mend = f"Did you mean `{near}:`?" if near and near != method else "Known are `tag:`, `path:` and `state:modified`."
    raise _refused(expression, start, len(core), f"`{core}` is no selection", mend)


def _refused(expression: str, start: int, length: int, what: str, mend: str) -> SelectionRefused:
    message = f"{what}:\n  {expression}\n  {' ' * start}{'^' * length}"
    return SelectionRefused(message, subject=expression[start : start + length], suggestion=mend)
