"""What is wrong with a view, in sentences, with the place in its file and the nearest thing that does exist."""

import re
from collections.abc import Collection

from plan_contracts import FindingKind, PlanningFinding, Source, SourceLocation, ViewSource, nearest
from plan_engine.datafusion_messages import PlanningMessage, Refusal
from plan_engine.planning_session import PlanningSession
from plan_engine.sql_text import find_identifier
from plan_engine.type_errors import explain_types

MAX_LISTED = 8
"""Columns that are listed where one is missing that no input can have."""

_FILE = re.compile(r"/|\\|\.(?:parquet|csv|tsv|json|ndjson|jsonl|arrow|feather)$", re.IGNORECASE)
_ABOUT_TYPES = ("coerce", "cast", "signature", "argument type", "non-boolean", "incompatible", "common argument")


def column_finding(
    session: PlanningSession,
    view: ViewSource,
    message: PlanningMessage,
    candidates: tuple[str, ...],
) -> PlanningFinding:
    """Give the finding of a column that is missing or ambiguous.

    Parameters
    ----------
    session
        Knows the columns of the inputs.
    view
        The view.
    message
        Says which column, and whether it is missing or ambiguous.
    candidates
        The inputs that it may belong to; none when it can be a column of no input.
    """
    column, qualifier = message.subject, message.qualifier
    shown = f"{qualifier}.{column}" if qualifier is not None else column
    location = find_identifier(view, column, qualifier)
    if message.refusal is Refusal.AMBIGUOUS_COLUMN:
        return PlanningFinding(
            view=view.name,
            kind=FindingKind.AMBIGUOUS_COLUMN,
            message=f"`{shown}` may be a column of several inputs; say which: {', '.join(candidates)}",
            subject=column,
            candidates=candidates,
            location=location,
        )
    known = [name for each in candidates for name in session.schema(each).names]
    where = f" in {' or '.join(candidates)}" if candidates else ""
    if not candidates and message.known:
        where = f", only {', '.join(message.known[:MAX_LISTED])}"
    return PlanningFinding(
        view=view.name,
        kind=FindingKind.MISSING_COLUMN,
        message=f"there is no column `{shown}`{where}",
        subject=column,
        candidates=candidates,
        suggestion=nearest(column, known) or message.suggestion,
        location=location,
    )


def other_finding(
    session: PlanningSession, view: ViewSource, references: Collection[str], message: PlanningMessage
) -> PlanningFinding:
    """Give the finding of whatever else keeps a view from being planned."""
    if message.refusal is Refusal.UNKNOWN_TABLE:
        return table_finding(view, message.subject, ())
    fault = explain_types(view, message.text, {name: session.schema(name) for name in references})
    if fault is not None:
        return PlanningFinding(
            view=view.name,
            kind=FindingKind.TYPE_ERROR,
            message=fault.message,
            subject=fault.subject,
            columns=fault.columns,
            location=fault.location or SourceLocation(file=view.path),
        )
    about_types = any(word in message.text.lower() for word in _ABOUT_TYPES)
    subject = message.subject or view.name
    return PlanningFinding(
        view=view.name,
        kind=FindingKind.TYPE_ERROR if about_types else FindingKind.NOT_PLANNED,
        message=message.text,
        subject=subject,
        suggestion=message.suggestion,
        location=find_identifier(view, subject) if message.subject else SourceLocation(file=view.path),
    )


def table_finding(view: Source, name: str, known: Collection[str]) -> PlanningFinding:
    """Give the finding of a table that is neither a dataset nor a view.

    Parameters
    ----------
    view
        The view that reads it.
    name
        The table, as the view calls it.
    known
        Datasets and views.
    """
    if _FILE.search(name):
        return PlanningFinding(
            view=view.name,
            kind=FindingKind.UNKNOWN_TABLE,
            message=f"it reads the file `{name}` by its path; name it under `[datasets]` in plan.toml, and read that",
            subject=name,
            location=find_identifier(view, name),
        )
    bare = name.rpartition(".")[2]
    return PlanningFinding(
        view=view.name,
        kind=FindingKind.UNKNOWN_TABLE,
        message=f"there is no dataset or view `{name}`",
        subject=name,
        suggestion=nearest(bare, sorted(known)),
        location=find_identifier(view, bare),
    )
