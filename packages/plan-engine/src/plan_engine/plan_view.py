"""One view, planned alone: what it needs from each input, what it gives, and everything that does not fit.

A view that names a column which no input has is planned again with that column added to the input it must belong to,
until it plans, so that one look finds every missing column.
"""

import pyarrow as pa

from plan_contracts import FindingKind, PlanningFinding, SourceLocation, ViewSource, nearest
from plan_engine.arrow_schema import columns_of
from plan_engine.datafusion_messages import PlanningMessage, Refusal
from plan_engine.fingerprint import view_definition
from plan_engine.plan_text import calls_volatile_function, operator_count, scanned_columns
from plan_engine.planned_view import PlannedView
from plan_engine.planning_session import NotPlanned, Plan, PlanningSession, Stubs
from plan_engine.sql_text import find_identifier

MAX_MISSING_COLUMNS = 64
"""Missing columns that are looked for in one view."""

_STUB_TYPES = (
    pa.null(),
    pa.string(),
    pa.int64(),
    pa.float64(),
    pa.timestamp("us"),
    pa.bool_(),
    pa.date32(),
)
"""Types that a missing column is tried with, since some functions take no null."""


def plan_view(session: PlanningSession, view: ViewSource, references: tuple[str, ...]) -> PlannedView:
    """Plan a view whose inputs are all known to the session.

    Parameters
    ----------
    session
        Holds an empty table for each input.
    view
        The view.
    references
        Its inputs, sorted.
    """
    answer = session.plan(view.sql)
    if isinstance(answer, Plan):
        return _planned(session, view, references, answer)
    if answer.message.refusal in (Refusal.FORBIDDEN, Refusal.SYNTAX, Refusal.EMPTY):
        return PlannedView(name=view.name, references=references, forbidden=answer.message)
    return _Mending(session, view, references).run(answer)


def _planned(
    session: PlanningSession,
    view: ViewSource,
    references: tuple[str, ...],
    plan: Plan,
    stubs: Stubs | None = None,
    findings: tuple[PlanningFinding, ...] = (),
    elsewhere: frozenset[tuple[str, str]] = frozenset(),
) -> PlannedView:
    """Read requirements and output from a plan.

    `stubs` are columns that were added to make it plan, `elsewhere` those of them (as input and column) that no one
    input is known to lack; they are findings and not requirements.
    """
    missing = stubs or {}
    known = {name: [*session.schema(name).names, *sorted(missing.get(name, ()))] for name in references}
    scanned = scanned_columns(plan.optimized, known)
    required: dict[str, dict[str, str | None]] = {}
    for name in references:
        types = {column.name: column.type for column in columns_of(session.schema(name))}
        needed = {column: types.get(column) for column in sorted(scanned.get(name, ()))}
        needed |= dict.fromkeys(sorted(missing.get(name, ())))
        required[name] = {column: kind for column, kind in needed.items() if (name, column) not in elsewhere}
    whole = not missing and not findings
    return PlannedView(
        name=view.name,
        references=references,
        required=required,
        schema=plan.schema,
        definition=view_definition(plan.unoptimized, required) if whole else None,
        volatile=calls_volatile_function(plan.unoptimized),
        operators=operator_count(plan.optimized),
        optimized=plan.optimized,
        findings=findings,
    )


class _Mending:
    """Adds missing columns to the inputs of one view until it plans, or until nothing helps."""

    def __init__(self, session: PlanningSession, view: ViewSource, references: tuple[str, ...]) -> None:
        self._session = session
        self._view = view
        self._references = references
        self._stubs: dict[str, dict[str, pa.DataType]] = {name: {} for name in references}
        self._last: tuple[str, str] | None = None
        self._elsewhere: set[tuple[str, str]] = set()
        self._findings: list[PlanningFinding] = []

    def run(self, answer: NotPlanned) -> PlannedView:
        current: Plan | NotPlanned = answer
        for _ in range(MAX_MISSING_COLUMNS):
            if isinstance(current, Plan):
                break
            mended = self._mend(current.message)
            if mended is None:
                break
            current = mended
        stubs = {name: columns for name, columns in self._stubs.items() if columns}
        if isinstance(current, Plan):
            found = tuple(self._findings)
            elsewhere = frozenset(self._elsewhere)
            return _planned(self._session, self._view, self._references, current, stubs, found, elsewhere)
        required: dict[str, dict[str, str | None]] = {
            name: {column: None for column in columns if (name, column) not in self._elsewhere}
            for name, columns in stubs.items()
        }
        if not self._findings and not any(required.values()):
            self._findings.append(self._finding(current.message))
        return PlannedView(
            name=self._view.name,
            references=self._references,
            required={name: required.get(name, {}) for name in self._references},
            findings=tuple(self._findings),
        )

    def _mend(self, message: PlanningMessage) -> Plan | NotPlanned | None:
        """Add one column, or try another type for the last one; none when nothing helps."""
        if message.refusal is Refusal.UNKNOWN_COLUMN:
            return self._add_column(message)
        return self._retype_last()

    def _add_column(self, message: PlanningMessage) -> Plan | NotPlanned | None:
        helping = [
            (name, answer)
            for name in self._references
            if message.subject not in self._stubs[name]
            and message.subject not in self._session.schema(name).names
            and self._helps(answer := self._try(name, message.subject, pa.null()), message)
        ]
        if not helping:
            self._findings.append(self._finding(message))
            return None
        owner, answer = helping[0]
        self._stubs[owner][message.subject] = pa.null()
        self._last = (owner, message.subject)
        if len(helping) > 1:
            self._elsewhere.add((owner, message.subject))
            self._findings.append(self._finding(message, candidates=tuple(name for name, _ in helping)))
        return answer

    def _retype_last(self) -> Plan | NotPlanned | None:
        if self._last is None:
            return None
        owner, column = self._last
        self._last = None
        for kind in _STUB_TYPES[1:]:
            answer = self._try(owner, column, kind)
            self._stubs[owner][column] = kind
            if isinstance(answer, Plan) or answer.message.refusal is Refusal.UNKNOWN_COLUMN:
                return answer
        return None

    def _try(self, owner: str, column: str, kind: pa.DataType) -> Plan | NotPlanned:
        stubs = {**self._stubs, owner: {**self._stubs[owner], column: kind}}
        return self._session.plan(self._view.sql, stubs)

    @staticmethod
    def _helps(answer: Plan | NotPlanned, message: PlanningMessage) -> bool:
        if isinstance(answer, Plan):
            return True
        still = answer.message
        same = still.refusal is message.refusal and (still.subject, still.qualifier) == (
            message.subject,
            message.qualifier,
        )
        return not same and still.refusal is not Refusal.AMBIGUOUS_COLUMN

    def _finding(self, message: PlanningMessage, candidates: tuple[str, ...] = ()) -> PlanningFinding:
        shown = f"{message.qualifier}.{message.subject}" if message.qualifier is not None else message.subject
        location = find_identifier(self._view, message.subject)
        if message.refusal is Refusal.UNKNOWN_COLUMN:
            inputs = [name for name in self._references if not candidates or name in candidates]
            known = [column for name in inputs for column in self._session.schema(name).names]
            return PlanningFinding(
                view=self._view.name,
                kind=FindingKind.MISSING_COLUMN,
                message=f"there is no column `{shown}`" + (f" in {' or '.join(inputs)}" if inputs else ""),
                subject=message.subject,
                candidates=candidates,
                suggestion=nearest(message.subject, known),
                location=location,
            )
        if message.refusal is Refusal.AMBIGUOUS_COLUMN:
            owners = tuple(name for name in self._references if message.subject in self._session.schema(name).names)
            return PlanningFinding(
                view=self._view.name,
                kind=FindingKind.AMBIGUOUS_COLUMN,
                message=f"`{message.subject}` may be a column of several inputs; say which: {', '.join(owners)}",
                subject=message.subject,
                candidates=owners,
                location=location,
            )
        kind = FindingKind.TYPE_ERROR if _is_about_types(message.text) else FindingKind.NOT_PLANNED
        return PlanningFinding(
            view=self._view.name,
            kind=kind,
            message=message.text,
            subject=message.subject or self._view.name,
            location=SourceLocation(file=self._view.path),
        )


def _is_about_types(text: str) -> bool:
    return any(word in text.lower() for word in ("coerce", "type", "cast", "signature", "but received"))


def unknown_tables(view: ViewSource, unknown: tuple[str, ...], known: list[str]) -> tuple[PlanningFinding, ...]:
    """Give a finding for each table that is neither a dataset nor a view."""
    return tuple(
        PlanningFinding(
            view=view.name,
            kind=FindingKind.UNKNOWN_TABLE,
            message=f"there is no dataset or view `{name}`",
            subject=name,
            suggestion=nearest(name, known),
            location=find_identifier(view, name),
        )
        for name in unknown
    )
