"""Every missing column of a view in one look.

A view that names a column which no input has is planned again with that column added to the input it must belong to;
where that does not help, with the name replaced in the text; until it plans, or until nothing helps.
"""

import re
from dataclasses import dataclass, field
from itertools import combinations

import pyarrow as pa

from plan_contracts import PlanningFinding, SourceLocation, ViewSource
from plan_engine.datafusion_messages import PlanningMessage, Refusal
from plan_engine.planning_findings import column_finding, other_finding
from plan_engine.planning_session import NotPlanned, Plan, PlanningSession
from plan_engine.sql_text import find_identifier, occurrences

MAX_PLANNINGS = 64
"""Faults that are looked for in one view."""

MAX_SHARED_INPUTS = 8
"""Inputs up to which pairs of them are tried: `using (column)` may lack its column on both sides."""

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

_INDIFFERENT = 2
"""Types of a column under which the same complaint shows that the column is not its cause: complaints name types."""

Answer = Plan | NotPlanned


@dataclass(kw_only=True)
class Mended:
    """What had to be done to make a view plan, and what came of it."""

    plan: Answer
    """The last answer."""
    stubs: dict[str, dict[str, pa.DataType]] = field(default_factory=dict[str, dict[str, pa.DataType]])
    """Columns that were added, by input."""
    undecided: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Those of them, as input and column, that might as well belong to another input."""
    places: dict[str, dict[str, SourceLocation]] = field(default_factory=dict[str, dict[str, SourceLocation]])
    """Where the view names them, by input and column."""
    rewritten: bool = False
    """Whether names were replaced in the text, so that the output's columns are not the view's."""
    findings: tuple[PlanningFinding, ...] = ()
    """What no single input can be blamed for."""

    def requirements(self, name: str) -> dict[str, str | None]:
        """Give the columns that this input alone must have and lacks, without types."""
        return {column: None for column in sorted(self.stubs.get(name, ())) if (name, column) not in self.undecided}


def mend_view(session: PlanningSession, view: ViewSource, references: tuple[str, ...], answer: NotPlanned) -> Mended:
    """Find everything that keeps a view from being planned.

    Parameters
    ----------
    session
        Holds an empty table for each input.
    view
        The view, which does not plan.
    references
        Its inputs, sorted.
    answer
        What the session said of it.

    Returns
    -------
    Mended
        With at least one stub or finding.
    """
    mending = _Mending(session, view, references, answer)
    current: Answer = answer
    for _ in range(MAX_PLANNINGS):
        if isinstance(current, Plan):
            break
        following = mending.step(current.message)
        if following is None:
            break
        current = following
    mending.result.plan = current
    return mending.result


class _Mending:
    def __init__(self, session: PlanningSession, view: ViewSource, references: tuple[str, ...], answer: Answer) -> None:
        self._session = session
        self._view = view
        self._sql = view.sql
        self._references = references
        self._added: list[tuple[tuple[str, ...], str]] = []
        self._replaced = 0
        self.result = Mended(plan=answer)

    def step(self, message: PlanningMessage) -> Answer | None:
        """Do away with one fault and plan again; none when that cannot be done."""
        if message.refusal is Refusal.UNKNOWN_COLUMN:
            return self._add_column(message)
        if message.refusal is Refusal.AMBIGUOUS_COLUMN:
            owners = tuple(name for name in self._references if self._has(name, message.subject))
            self._report(column_finding(self._session, self._view, message, owners))
            return self._replace_name(message)
        return self._retype(message)

    def _add_column(self, message: PlanningMessage) -> Answer | None:
        column = message.subject
        lacking = [name for name in self._references if not self._has(name, column)]
        single = [(name, answer) for name in lacking if _helps(answer := self._try((name,), column), message)]
        if len(single) > 1:
            self.result.undecided.add((single[0][0], column))
            candidates = tuple(name for name, _ in single)
            self._report(column_finding(self._session, self._view, message, candidates))
        if single:
            return self._add((single[0][0],), message, single[0][1])
        for pair in combinations(lacking[:MAX_SHARED_INPUTS], 2):
            answer = self._try(pair, column)
            if _helps(answer, message):
                return self._add(pair, message, answer)
        self._report(column_finding(self._session, self._view, message, ()))
        return self._replace_name(message)

    def _retype(self, message: PlanningMessage) -> Answer | None:
        """Give one of the added columns another type; report the fault where it is not about one of them."""
        to_blame = False
        for owners, column in reversed(self._added):
            same = 0
            for kind in _STUB_TYPES[1:]:
                answer = self._try(owners, column, kind)
                if isinstance(answer, Plan) or answer.message.refusal is Refusal.UNKNOWN_COLUMN:
                    self._set_type(owners, column, kind)
                    return answer
                same += answer.message.text == message.text
            to_blame = to_blame or same < _INDIFFERENT or _names(message, column)
        if not to_blame and not self.result.rewritten:
            self._report(other_finding(self._session, self._view, self._references, message))
        return None

    def _replace_name(self, message: PlanningMessage) -> Answer | None:
        """Put a null in the place of a name that no input can help with, to see what else is wrong."""
        places = occurrences(self._sql, message.subject, message.qualifier)
        if not places:
            return None
        text = self._sql
        for start, end in reversed(places):
            self._replaced += 1  # the number keeps two unnamed output columns from having the same name
            text = f"{text[:start]}nullif(null, {self._replaced}){text[end:]}"
        self._sql = text
        self.result.rewritten = True
        answer = self._session.plan(self._sql, self.result.stubs)
        return answer if _helps(answer, message) else None

    def _has(self, name: str, column: str) -> bool:
        return column in self._session.schema(name).names or column in self.result.stubs.get(name, {})

    def _add(self, owners: tuple[str, ...], message: PlanningMessage, answer: Answer) -> Answer:
        column = message.subject
        for owner in owners:
            place = find_identifier(self._view, column, message.qualifier)
            self.result.places.setdefault(owner, {})[column] = place
        self._set_type(owners, column, _STUB_TYPES[0])
        self._added.append((owners, column))
        return answer

    def _set_type(self, owners: tuple[str, ...], column: str, kind: pa.DataType) -> None:
        for owner in owners:
            self.result.stubs.setdefault(owner, {})[column] = kind

    def _try(self, owners: tuple[str, ...], column: str, kind: pa.DataType = _STUB_TYPES[0]) -> Answer:
        stubs = dict(self.result.stubs)
        for owner in owners:
            stubs[owner] = {**stubs.get(owner, {}), column: kind}
        return self._session.plan(self._sql, stubs)

    def _report(self, finding: PlanningFinding) -> None:
        if finding not in self.result.findings:
            self.result.findings = (*self.result.findings, finding)


def _names(message: PlanningMessage, column: str) -> bool:
    return re.search(rf"\b{re.escape(column)}\b", message.text) is not None


def _helps(answer: Answer, message: PlanningMessage) -> bool:
    if isinstance(answer, Plan):
        return True
    still = answer.message
    same = (still.refusal, still.subject, still.qualifier) == (message.refusal, message.subject, message.qualifier)
    return not same and still.refusal not in (Refusal.AMBIGUOUS_COLUMN, Refusal.SYNTAX)
