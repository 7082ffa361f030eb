"""Running the checks of one task: the subject's rows in, the number of offending rows and a few of them out."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from datafusion import SessionContext

from plan_contracts import CheckResult, CheckWork, DataCheck, ErrorPayload, PlanError, TaskRequest
from plan_engine.datafusion_messages import clean, mend_of
from plan_engine.errors import CheckFailed, QueryFailed
from plan_engine.failure_diagnosis import explained
from plan_engine.parameters import clock_of, pin_clock, values_of
from plan_engine.retained import RetainedResults
from plan_engine.secret_values import redacted
from plan_engine.task_inputs import register_inputs
from plan_engine.task_session import ONE_QUERY, task_session

MAX_EXAMPLES = 3
"""Offending rows that are shown."""

MAX_EXAMPLE_CHARACTERS = 160
"""Length from which an example is cut."""


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    """What running the checks of a task gave."""

    results: tuple[CheckResult, ...]
    error: ErrorPayload | None
    """Why the task failed; none when every check passed."""
    rows_in: int | None
    bytes_in: int | None


def run_checks(request: TaskRequest, work: CheckWork, retained: RetainedResults, scratch: Path) -> CheckRun:
    """Run every check of a task, also when one of them fails.

    Raises
    ------
    QueryFailed
        When a check cannot be run to its end.
    InputUnavailable, DatasetChanged
        When the subject is not where the request says, or another one than was planned with.
    """
    session = task_session(request, scratch)
    for check in work.checks:
        if (clock := clock_of(check.parameters)) is not None:
            pin_clock(session, clock)
    with ExitStack() as links:
        register_inputs(session, request.inputs, retained, Path(request.stage_uri), links)
        try:
            results = tuple(_run(session, work.subject, check) for check in work.checks)
        except QueryFailed as failure:
            raise explained(failure, request.inputs) from failure.__cause__
    ref = request.inputs[0].ref if request.inputs else None
    return CheckRun(
        results=results,
        error=_error(work, results),
        rows_in=_times(ref.rows, work) if ref is not None else None,
        bytes_in=_times(ref.bytes, work) if ref is not None else None,
    )


def _times(number: int | None, work: CheckWork) -> int | None:
    """Count what each check reads for itself."""
    return None if number is None else number * len(work.checks)


def _run(session: SessionContext, subject: str, check: DataCheck) -> CheckResult:
    rows, examples = 0, list[str]()
    try:
        values = values_of(check.parameters)
        frame = session.sql_with_options(check.sql, ONE_QUERY, param_values=values or None)
        for batch in frame.execute_stream():
            offending = batch.to_pyarrow()
            rows += offending.num_rows
            if len(examples) < MAX_EXAMPLES:
                examples += _examples(offending.slice(0, MAX_EXAMPLES - len(examples)), check.subject)
    except PlanError:
        raise
    except Exception as reason:
        said = redacted(clean(str(reason)), check.parameters.values())
        message = f"The check `{check.name}` of `{subject}` cannot be run to its end: {said}"
        raise QueryFailed(message, subject=subject, suggestion=mend_of(str(reason))) from reason
    return CheckResult(name=check.name, offending_rows=rows, examples=tuple(examples))


def _examples(offending: pa.RecordBatch, subject: str) -> list[str]:
    """Describe rows, each beginning with the column that the check is about."""
    names = sorted(offending.schema.names, key=subject.__ne__)
    columns = {name: _shown(offending, name) for name in names}
    return [_example({name: values[row] for name, values in columns.items()}) for row in range(offending.num_rows)]


def _shown(rows: pa.RecordBatch, name: str) -> Sequence[object]:
    """Give a column as Python's values, or as text where it holds nanoseconds, for which only pandas has types."""
    column = rows.column(name)
    try:
        return column.to_pylist()
    except ValueError:
        nested = pa.types.is_nested(column.type)
        return [f"a {column.type}"] * len(column) if nested else column.cast(pa.string()).to_pylist()


def _example(row: dict[str, object]) -> str:
    text = ", ".join(f"{name} = {'null' if value is None else value}" for name, value in row.items())
    text = " ".join(text.split())
    return text if len(text) <= MAX_EXAMPLE_CHARACTERS else f"{text[: MAX_EXAMPLE_CHARACTERS - 1]}…"


def _error(work: CheckWork, results: tuple[CheckResult, ...]) -> ErrorPayload | None:
    failed = [result for result in results if not result.passed]
    if not failed:
        return None
    found = "; ".join(_found(result) for result in failed)
    return CheckFailed(
        f"`{work.subject}` breaks its contract: {found}",
        subject=work.subject,
        related=tuple(result.name for result in failed),
        suggestion="Mend the data or its contract in plan.toml; until then nothing is published, and its readers wait.",
    ).payload()


def _found(result: CheckResult) -> str:
    rows = "1 row" if result.offending_rows == 1 else f"{result.offending_rows:,} rows"
    return f"{result.name} finds {rows}, such as {result.examples[0]}"
