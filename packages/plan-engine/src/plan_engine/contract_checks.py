"""What a declared contract says about rows, as queries that give the offending ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plan_contracts import AcceptedValue, DataCheck, DataContract, Evidence, Variable, ViolationKind, nearest
from plan_engine.datafusion_messages import PlanningMessage, Refusal
from plan_engine.fingerprint import view_definition
from plan_engine.plan_text import volatile_calls
from plan_engine.planning_session import NotPlanned, PlanningSession
from plan_engine.sql_text import parameters_of
from plan_engine.table_catalog import quoted
from plan_engine.variable_reading import VariablesRead, has_value, variables_read

SHOWN_VALUES = 5
"""Accepted values that are named where what is declared is shown."""


@dataclass(frozen=True, kw_only=True)
class _Query:
    name: str
    kind: ViolationKind
    subject: str
    declared: str
    sql: str


def contract_checks(
    session: PlanningSession, evidence: Evidence, variables: Mapping[str, Variable]
) -> tuple[DataCheck, ...]:
    """Give a check for each part of a contract that may need data, planned against the columns that there are.

    Parameters
    ----------
    session
        Holds an empty table for the dataset or view.
    evidence
        Its columns, with what is declared about it. A part that speaks of a column that does not exist has no check:
        evidence alone disproves it.
    variables
        What expressions may read as `$name`.
    """
    contract = evidence.contract
    if contract is None:
        return ()
    columns = {column.name for column in evidence.columns}
    return tuple(_planned(session, evidence, query, variables) for query in _queries(contract, evidence.name, columns))


def _queries(contract: DataContract, name: str, columns: set[str]) -> Iterator[_Query]:
    table = quoted(name)
    for column in contract.not_null:
        if column in columns:
            sql = f"select * from {table} where {quoted(column)} is null"
            yield _Query(
                name=f"not_null({column})", kind=ViolationKind.NULLABLE, subject=column, declared="not null", sql=sql
            )
    if contract.min_rows:
        yield _bound(ViolationKind.TOO_FEW_ROWS, "min_rows", contract.min_rows, table, "<")
    if contract.max_rows is not None:
        yield _bound(ViolationKind.TOO_MANY_ROWS, "max_rows", contract.max_rows, table, ">")
    for key in contract.unique:
        group = (key,) if isinstance(key, str) else key
        if group and columns.issuperset(group):
            yield _unique(group, table, columns)
    for column, values in contract.accepted_values.items():
        if column in columns:
            yield _accepted(column, values, table)
    for label, predicate in contract.expressions.items():
        # The predicate stands on lines of its own, so that a comment at its end hides nothing.
        sql = f"select * from {table} where not (\n{predicate}\n)"
        yield _Query(
            name=f"expression({label})",
            kind=ViolationKind.EXPRESSION_FALSE,
            subject=label,
            declared=predicate,
            sql=sql,
        )


def _bound(kind: ViolationKind, subject: str, bound: int, table: str, outside: str) -> _Query:
    sql = f'select count(*) as "rows" from {table} having count(*) {outside} {bound}'
    return _Query(name=subject, kind=kind, subject=subject, declared=str(bound), sql=sql)


def _unique(group: tuple[str, ...], table: str, columns: set[str]) -> _Query:
    listed = ", ".join(quoted(column) for column in group)
    present = " and ".join(f"{quoted(column)} is not null" for column in group)
    number = next(label for label in ("rows", "rows_", "rows__", "number of rows") if label not in columns)
    return _Query(
        name=f"unique({', '.join(group)})",
        kind=ViolationKind.NOT_UNIQUE,
        subject=", ".join(group),
        declared="unique",
        sql=f"select {listed}, count(*) as {quoted(number)} from {table} where {present} "
        f"group by {listed} having count(*) > 1",
    )


def _accepted(column: str, values: tuple[AcceptedValue, ...], table: str) -> _Query:
    other = f"{quoted(column)} not in ({', '.join(_literal(value) for value in values)})" if values else "true"
    shown = ", ".join(str(value) for value in values[:SHOWN_VALUES])
    more = f" and {len(values) - SHOWN_VALUES} more" if len(values) > SHOWN_VALUES else ""
    return _Query(
        name=f"accepted_values({column})",
        kind=ViolationKind.VALUE_NOT_ACCEPTED,
        subject=column,
        declared=f"{shown}{more}" if values else "no value",
        sql=f"select * from {table} where {quoted(column)} is not null and {other}",
    )


def _literal(value: AcceptedValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


def _planned(
    session: PlanningSession, evidence: Evidence, query: _Query, variables: Mapping[str, Variable]
) -> DataCheck:
    answer = session.plan(query.sql)
    definition, read = None, VariablesRead()
    unset = next((name for name in parameters_of(query.sql) if not has_value(variables.get(name))), None)
    if unset is not None:
        near = nearest(unset, [name for name in variables if name != unset])
        mend = f"; did you mean `{near}`?" if near is not None else ""
        fault: str | None = f"it reads the variable `{unset}`, which has no value{mend}"
    elif isinstance(answer, NotPlanned):
        fault = _fault(answer.message, evidence)
    elif others := [name for name in answer.asked if name != evidence.name]:
        fault = f"it reads `{others[0]}`, and a check sees the rows of `{evidence.name}` alone"
    else:
        fault = None
        read = variables_read(query.sql, frozenset(volatile_calls(answer.unoptimized)), variables)
        definition = view_definition(query.sql, answer.unoptimized, {}, read.variables)
    return DataCheck(
        name=query.name,
        kind=query.kind,
        subject=query.subject,
        declared=query.declared,
        sql=query.sql,
        definition=definition,
        volatile=read.volatile,
        parameters=read.variables,
        fault=fault,
    )


def _fault(message: PlanningMessage, evidence: Evidence) -> str:
    if message.refusal is Refusal.UNKNOWN_COLUMN:
        close = nearest(message.subject, [column.name for column in evidence.columns])
        mend = f"; did you mean `{close}`?" if close is not None else ""
        return f"`{evidence.name}` has no column `{message.subject}`{mend}"
    if message.refusal is Refusal.UNKNOWN_TABLE:
        return f"it reads `{message.subject}`, and a check sees the rows of `{evidence.name}` alone"
    return message.text
