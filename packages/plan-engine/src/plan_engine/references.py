"""Which tables each view reads, in which order views can be planned, and which of them wait for themselves."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from plan_contracts import PlanError, PythonSource, Source, SourceLocation, ViewSource
from plan_engine.arrow_schema import schema_of
from plan_engine.datafusion_messages import PlanningMessage, Refusal
from plan_engine.errors import SqlSyntax, StatementForbidden
from plan_engine.planning_session import Plan, PlanningSession

_WORD = re.compile(r"\w+")


@dataclass(kw_only=True)
class References:
    """What a first planning of each view has told."""

    tables: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Tables that each view asks for, sorted, by the names that they are known under or else as the text calls them."""
    plans: dict[str, Plan] = field(default_factory=dict[str, Plan])
    """Plans of the queries whose tables were all there already; no later planning gives another."""
    refused: dict[str, PlanError] = field(default_factory=dict[str, PlanError])
    """Views that are no query at all."""


def find_references(session: PlanningSession, views: Mapping[str, Source]) -> References:
    """Find the tables that each view asks for.

    Those of a Python view are its parameters. A common table expression is not a table, whatever it is called, and
    neither is a name within a string.

    Parameters
    ----------
    session
        Holds an empty table for each dataset, and afterwards one for each view that planned.
    views
        The views.
    """
    found = References()
    for name in _likely_order(views):
        view = views[name]
        if isinstance(view, PythonSource):
            found.tables[name] = tuple(sorted({each.name for each in view.inputs}))
            if view.output is not None:
                session.add_table(name, schema_of(view.output))
            continue
        answer = session.plan(view.sql)
        found.tables[name] = tuple(sorted(answer.asked))
        if isinstance(answer, Plan):
            found.plans[name] = answer
            if answer.is_table:
                session.add_table(name, answer.schema)
        elif (refused := refusal(view, answer.message)) is not None:
            found.refused[name] = refused
    return found


def _likely_order(views: Mapping[str, Source]) -> list[str]:
    """Order views so that each probably comes after the views it reads.

    The words of a text are more than what it reads, so this decides nothing but how many views plan at once.
    """
    known = {name.casefold(): name for name in sorted(views)}
    named = {
        name: {known[word] for word in _words(view) if word in known} - {name} for name, view in sorted(views.items())
    }
    order = _upstream_first(named)
    return [*order, *sorted(views.keys() - set(order))]


def _words(view: Source) -> set[str]:
    if isinstance(view, PythonSource):
        return {each.name.casefold() for each in view.inputs}
    return set(_WORD.findall(view.sql.casefold()))


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
    for name in sorted(reads.keys() - set(_upstream_first(reads))):
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


def _upstream_first(reads: Mapping[str, Collection[str]]) -> list[str]:
    """Order what is neither on a cycle nor below one."""
    readers: dict[str, list[str]] = {}
    waiting = {name: len(read) for name, read in reads.items()}
    for name, read in reads.items():
        for each in read:
            readers.setdefault(each, []).append(name)
    order = [name for name, count in waiting.items() if count == 0]
    for name in order:  # which grows
        for reader in readers.get(name, ()):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                order.append(reader)
    return order


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
