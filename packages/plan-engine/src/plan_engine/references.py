"""Which tables each view reads, in which order views can be planned, and which of them wait for themselves."""

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

from plan_contracts import PlanError, PythonSource, Source, SourceLocation, ViewSource
from plan_engine.datafusion_messages import PlanningMessage, Refusal
from plan_engine.errors import SqlSyntax, StatementForbidden
from plan_engine.planning_session import NotPlanned, PlanningSession


def find_references(views: Mapping[str, Source]) -> tuple[dict[str, tuple[str, ...]], list[PlanError]]:
    """Find the tables that each view asks for.

    Those of a Python view are its parameters. A common table expression is not a table, whatever it is called, and
    neither is a name within a string.

    Returns
    -------
    dict, list
        Sorted table names per view, as the view's text calls them; and the views that are no query at all.
    """
    session = PlanningSession()
    references: dict[str, tuple[str, ...]] = {}
    errors: list[PlanError] = []
    for name in sorted(views):
        view = views[name]
        if isinstance(view, PythonSource):
            references[name] = tuple(sorted({each.name for each in view.inputs}))
            continue
        answer = session.plan(view.sql)
        references[name] = tuple(sorted(answer.asked))
        if isinstance(answer, NotPlanned):
            refused = refusal(view, answer.message)
            if refused is not None:
                errors.append(refused)
    return references, errors


def refusal(view: ViewSource, message: PlanningMessage) -> PlanError | None:
    """Give the error of a text that is not exactly one query; none when it is one and only a schema does not fit."""
    place = SourceLocation(file=view.path, line=message.line, column=message.column)
    if message.refusal is Refusal.SYNTAX:
        return SqlSyntax(f"The view `{view.name}` is not valid SQL: {message.text}", subject=view.name, location=place)
    if message.refusal is Refusal.EMPTY:
        text = f"The view `{view.name}` {message.text}"
        mend = "Write one SELECT statement, or remove the file."
        return SqlSyntax(text, subject=view.name, location=SourceLocation(file=view.path), suggestion=mend)
    if message.refusal is Refusal.FORBIDDEN:
        text = f"The view `{view.name}` is not exactly one query: it holds {message.subject}"
        mend = "A view is one SELECT statement; what it gives is written for you."
        return StatementForbidden(text, subject=view.name, location=SourceLocation(file=view.path), suggestion=mend)
    return None


def planning_order(inputs: Mapping[str, tuple[str, ...]]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Order views so that each comes after the views it reads.

    Parameters
    ----------
    inputs
        The views that each view reads; other names are ignored.

    Returns
    -------
    list, dict
        The order, by depth and then by name, without the views that wait for themselves; and for each of those a cycle
        that it is part of, in the direction of the data and beginning with its smallest name.
    """
    reads = {name: sorted({each for each in inputs[name] if each in inputs}) for name in sorted(inputs)}
    cycles: dict[str, tuple[str, ...]] = {}
    for name in _never_ready(reads):
        found = _cycle_through(name, reads) if name not in cycles else None
        for member in found or ():
            cycles.setdefault(member, found or ())
    sorter = TopologicalSorter(
        {name: [each for each in read if each not in cycles] for name, read in reads.items() if name not in cycles}
    )
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order, cycles


def _never_ready(reads: Mapping[str, Sequence[str]]) -> list[str]:
    """Name the views that are on a cycle or below one, sorted."""
    readers: dict[str, list[str]] = {}
    waiting = {name: len(read) for name, read in reads.items()}
    for name, read in reads.items():
        for each in read:
            readers.setdefault(each, []).append(name)
    ready = [name for name, count in waiting.items() if count == 0]
    while ready:
        for reader in readers.get(ready.pop(), ()):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    return sorted(name for name, count in waiting.items() if count)


def _cycle_through(name: str, reads: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """Give a shortest cycle through the view, in the direction of the data; none when it is on none."""
    read_by: dict[str, str] = {}
    frontier = [name]
    while frontier:
        following: list[str] = []
        for reader in frontier:
            for each in reads[reader]:
                if each == name:
                    return _rotated(_path(reader, name, read_by))
                if each not in read_by:
                    read_by[each] = reader
                    following.append(each)
        frontier = following
    return None


def _path(start: str, end: str, read_by: Mapping[str, str]) -> list[str]:
    """Follow the readers; `read_by` leads from each view to the one through which it was reached, and ends at `end`."""
    members = [start]
    while members[-1] != end:
        members.append(read_by[members[-1]])
    return [members[-1], *members[:-1]]


def _rotated(members: list[str]) -> tuple[str, ...]:
    start = members.index(min(members))
    return (*members[start:], *members[:start])
