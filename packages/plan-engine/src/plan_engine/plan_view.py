"""One view, planned alone: what it needs from each input, what it gives, and everything that does not fit."""

import re

from msgspec.structs import replace

from plan_contracts import FindingKind, PlanningFinding, SourceLocation, ViewSource
from plan_engine.datafusion_messages import Refusal
from plan_engine.missing_columns import Mended, mend_view
from plan_engine.plan_text import (
    operator_count,
    scanned_columns,
    tested_subqueries,
    unnamed_placeholders,
    volatile_calls,
)
from plan_engine.planned_view import PlannedView
from plan_engine.planning_session import NotPlanned, Plan, PlanningSession

_NAMES_OTHER_COLUMNS = re.compile(r"\b(?:exclude|except|replace|natural)\b", re.IGNORECASE)


def plan_view(
    session: PlanningSession, view: ViewSource, references: tuple[str, ...], plan: Plan | None = None
) -> PlannedView:
    """Plan a view whose inputs are all known to the session.

    Parameters
    ----------
    session
        Holds an empty table for each input.
    view
        The view.
    references
        Its inputs, sorted.
    plan
        Its plan, where it is known already.
    """
    answer = plan if plan is not None else session.plan(view.sql)
    if isinstance(answer, Plan):
        planned = _planned(session, view, references, answer, Mended(plan=answer))
        findings = _unfit_output(view, answer)
        if findings:
            return replace(planned, findings=findings, schema=None)
        return replace(planned, unoptimized=answer.unoptimized)
    if answer.message.refusal in (Refusal.FORBIDDEN, Refusal.SYNTAX, Refusal.EMPTY):
        return PlannedView(name=view.name, references=references, forbidden=answer.message)
    mended = mend_view(session, view, references, answer)
    if isinstance(mended.plan, NotPlanned):
        return PlannedView(
            name=view.name,
            references=references,
            required={name: mended.requirements(name) for name in references},
            places=mended.places,
            findings=mended.findings,
        )
    return _planned(session, view, references, mended.plan, mended)


def _planned(
    session: PlanningSession, view: ViewSource, references: tuple[str, ...], plan: Plan, mended: Mended
) -> PlannedView:
    """Read requirements and output from a plan; columns that were added to make it plan have no type."""
    required: dict[str, dict[str, str | None]] = {}
    known = {name: [*session.schema(name).names, *mended.stubs.get(name, ())] for name in references}
    scanned = scanned_columns(plan.optimized, known)
    for name in references:
        added = mended.stubs.get(name, {})
        types = {column.name: column.type for column in session.columns(name) if column.name not in added}
        needed = {column: types[column] for column in sorted(scanned.get(name, ())) if column in types}
        required[name] = {**needed, **mended.requirements(name)}
    volatile = frozenset(volatile_calls(plan.unoptimized))
    return PlannedView(
        name=view.name,
        references=references,
        required=required,
        places=mended.places,
        schema=plan.schema if not mended.rewritten else None,
        volatile_calls=volatile,
        operators=operator_count(plan.optimized),
        optimized=plan.optimized,
        names_other_columns=_NAMES_OTHER_COLUMNS.search(view.sql) is not None,
        conditions={} if volatile else plan.conditions,  # a filter may hold the time of planning as a constant
        findings=mended.findings,
    )


def _unfit_output(view: ViewSource, plan: Plan) -> tuple[PlanningFinding, ...]:
    """Find what DataFusion plans, and what yet cannot become a table."""
    names = plan.schema.names
    repeated = sorted({name for name in names if names.count(name) > 1})
    faults = [(name, f"two of its columns are called `{name}`", "name one of them with `as`") for name in repeated]
    if not names:
        faults.append((view.name, "it gives no columns", "say which, as in `select *`"))
    if unnamed_placeholders(plan.unoptimized):
        faults.append(("?", "it reads a variable without a name", "write `$name`"))
    if tested_subqueries(plan.optimized):
        what = "it asks within an expression whether a subquery has rows, which DataFusion cannot run"
        faults.append((view.name, what, "ask in `where`, or compare a `count(*)`"))
    return tuple(
        PlanningFinding(
            view=view.name,
            kind=FindingKind.NOT_PLANNED,
            message=f"{message}; {mend}",
            subject=subject,
            location=SourceLocation(file=view.path),
        )
        for subject, message, mend in faults
    )
