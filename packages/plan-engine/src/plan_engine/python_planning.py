"""What a Python view declares, put as planning puts what it finds of a query."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from plan_contracts import (
    FindingKind,
    PlanningFinding,
    PythonSource,
    SourceLocation,
    ViewSource,
    digest,
    encode_msgpack,
)
from plan_engine.arrow_schema import canonical_text, schema_of
from plan_engine.fingerprint import engine_version
from plan_engine.planned_view import PlannedView
from plan_engine.planning_session import Plan, PlanningSession

_TYPES = (pa.string(), pa.int64(), pa.float64(), pa.timestamp("us"), pa.date32(), pa.bool_())
"""Types that a column is tried with of which nothing is known but how it is used."""


def plan_python_view(view: PythonSource, references: tuple[str, ...]) -> PlannedView:
    """Give what the declaration of a Python view says of its inputs and its output.

    Parameters
    ----------
    view
        The view; its inputs are named as the project names them.
    references
        Its inputs, sorted.
    """
    required: dict[str, dict[str, str | None]] = {}
    undeclared = {each.name for each in view.inputs if each.requirement is None}
    for each in view.inputs:
        if each.requirement is not None and each.name not in undeclared:
            columns = required.setdefault(each.name, {})
            columns.update(
                {column.name: column.type or columns.get(column.name) for column in each.requirement.columns}
            )
    return PlannedView(
        name=view.name,
        references=references,
        required=required,
        schema=schema_of(view.output) if view.output is not None else None,
        definition=_definition(view),
        volatile=view.volatile,
    )


def _definition(view: PythonSource) -> str:
    """Give the identity of the view's logic: the bytes of its module, and the variables that it takes."""
    parameters = encode_msgpack(dict(sorted(view.parameters.items()))).hex()
    return digest("python", engine_version(), view.sha256, view.function, parameters)


def fitting_types(
    session: PlanningSession, view: ViewSource, needed: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, str]]:
    """Give columns the first types under which a query plans that reads them, which need not be those they have.

    Parameters
    ----------
    session
        Holds a table without columns for each Python view.
    view
        The query.
    needed
        Columns by Python view.
    """
    stubs: dict[str, dict[str, pa.DataType]] = {
        name: dict.fromkeys(columns, pa.null()) for name, columns in needed.items()
    }
    for columns in stubs.values():
        for column in columns:
            for kind in (*_TYPES, _TYPES[0]):
                columns[column] = kind
                if isinstance(session.plan(view.sql, stubs), Plan):
                    break
    return {name: {column: canonical_text(kind) for column, kind in columns.items()} for name, columns in stubs.items()}


def undeclared_output(
    view: ViewSource, producer: PythonSource, needed: Mapping[str, str], location: SourceLocation
) -> PlanningFinding:
    """Give the finding of a query that reads a Python view whose output is not declared.

    Parameters
    ----------
    view
        The query.
    producer
        The Python view.
    needed
        Columns that the query reads from it, with types under which it plans.
    location
        Where the query names it.
    """
    declared = ", ".join(f'"{name}": "{kind}"' for name, kind in needed.items()) or '"column": "string"'
    return PlanningFinding(
        view=view.name,
        kind=FindingKind.OUTPUT_UNDECLARED,
        message=(
            f"it reads the Python view `{producer.name}`, which does not declare its output; "
            f"above line {producer.line} of {producer.path} write `@view(output={{{declared}}})`, "
            "with every column and its type"
        ),
        subject=producer.name,
        candidates=(producer.name,),
        location=location,
    )


def unchecked_contract(view: PythonSource) -> PlanningFinding:
    """Give the finding of a Python view with a contract in plan.toml and no declared output to hold it against."""
    return PlanningFinding(
        view=view.name,
        kind=FindingKind.OUTPUT_UNDECLARED,
        message="it has a contract in plan.toml and does not declare its output; write `@view(output=...)` above it",
        subject=view.name,
        location=SourceLocation(file=view.path, line=view.line),
    )
