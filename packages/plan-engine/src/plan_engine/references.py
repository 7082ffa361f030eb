"""Which tables each view reads, in which order views can be planned, and which of them wait for themselves."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from plan_contracts import PlanError, SourceLocation, ViewSource
from plan_engine.datafusion_messages import PlanningMessage, Refusal
from plan_engine.errors import SqlSyntax, StatementForbidden
from plan_engine.planning_session import NotPlanned, PlanningSession


def find_references(views: Mapping[str, ViewSource]) -> tuple[dict[str, tuple[str, ...]], list[PlanError]]:
    """Find the tables that each view asks for.

    A common table expression is not a table, whatever it is called, and neither is a name within a string.

    Returns
    -------
    dict, list
        Sorted table names per view, as the view's text calls them; and the views that are no query at all.
    """
    session = PlanningSession()
    references: dict[str, tuple[str, ...]] = {}
    errors: list[PlanError] = []
    for name in sorted(views):
        answer = session.plan(views[name].sql)
        references[name] = tuple(sorted(answer.asked))
        if isinstance(answer, NotPlanned):
            refused = refusal(views[name], answer.message)
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
        mend = "write one SELECT statement, or remove the file"
        return SqlSyntax(text, subject=view.name, location=SourceLocation(file=view.path), suggestion=mend)
    if message.refusal is Refusal.FORBIDDEN:
        text = f"The view `{view.name}` is not exactly one query: {message.subject} is not allowed in a view"
        mend = "a view is one SELECT statement; what it gives is written for you"
        return StatementForbidden(text, subject=view.name, location=SourceLocation(file=view.path), suggestion=mend)
    return None


def planning_order(inputs: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Order views so that each comes after the views it reads.

    Parameters
    ----------
    inputs
        The views that each view reads.

    Returns
    -------
    list, list
        The order, by depth and then by name, without the views of cycles; and the cycles, each in the direction of the
        data and beginning with its smallest name.
    """
    remaining = {name: [each for each in read if each in inputs] for name, read in inputs.items()}
    cycles: list[tuple[str, ...]] = []
    while True:
        sorter = TopologicalSorter(remaining)
        try:
            sorter.prepare()
        except CycleError as error:
            members: list[str] = list(error.args[1])[:-1]
            cycles.append(_rotated(members))
            for member in members:
                del remaining[member]
            remaining = {name: [each for each in read if each in remaining] for name, read in remaining.items()}
            continue
        break
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order, sorted(cycles)


def _rotated(members: list[str]) -> tuple[str, ...]:
    start = members.index(min(members))
    return (*members[start:], *members[:start])
