"""What a Python view gave, held against what it declares."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from datafusion import DataFrame

from plan_contracts import Column, FrameKind, PythonSource, SourceLocation, nearest, widens_safely
from plan_engine.arrow_schema import columns_of, conformed, plain_schema, schema_of
from plan_engine.errors import PythonResultRefused
from plan_engine.python_failures import view_failure

_TYPES: dict[FrameKind, type] = {
    FrameKind.TABLE: pa.Table,
    FrameKind.READER: pa.RecordBatchReader,
    FrameKind.DATAFRAME: DataFrame,
}


def result_schema(view: PythonSource, result: object) -> pa.Schema:
    """Give the columns that a result is to be staged with: the declared ones, else its own.

    Raises
    ------
    PythonResultRefused
        When it is not what the function's annotation says, or its columns are not what the view declares.
    """
    if not isinstance(result, _TYPES[view.returns]):
        found = f"{type(result).__module__}.{type(result).__qualname__}" if result is not None else "None"
        message = f"gave {found}, and its annotation says `{view.returns.value}`"
        raise _refused(view, message, "Return that, or change the annotation.")
    schema = plain_schema(_schema(result))
    faults = _faults(view.output, schema)
    if faults:
        raise _refused(view, "; ".join(faults), _declaration(schema))
    return schema_of(view.output) if view.output is not None else schema


def result_batches(view: PythonSource, result: object, schema: pa.Schema, folder: Path) -> Iterator[pa.RecordBatch]:
    """Give the rows of a result with the columns of a schema.

    Raises
    ------
    PythonViewFailed
        When the user's code raises while it gives its rows.
    PythonResultRefused
        When a value does not fit into the declared type.
    """
    batches = _batches(result)
    while True:
        with view_failure(view, folder):
            batch = next(batches, None)
        if batch is None:
            return
        yield _conformed(view, batch, schema)


def _schema(result: object) -> pa.Schema:
    if isinstance(result, DataFrame):
        return result.schema()
    if isinstance(result, pa.Table | pa.RecordBatchReader):
        return result.schema
    raise AssertionError("the type of a result is checked first")


def _batches(result: object) -> Iterator[pa.RecordBatch]:
    if isinstance(result, pa.Table):
        return iter(result.to_batches())
    if isinstance(result, DataFrame):
        return (batch.to_pyarrow() for batch in result.execute_stream())
    if isinstance(result, pa.RecordBatchReader):
        return iter(result)
    raise AssertionError("the type of a result is checked first")


def _faults(declared: tuple[Column, ...] | None, schema: pa.Schema) -> list[str]:
    names = schema.names
    faults = [f"two columns are called `{name}`" for name in sorted({n for n in names if names.count(n) > 1})]
    if not names:
        faults.append("it has no columns")
    if declared is None or faults:
        return faults
    given = {column.name: column.type for column in columns_of(schema)}
    wanted = {column.name: column.type for column in declared}
    for name, kind in wanted.items():
        if name not in given:
            near = nearest(name, [each for each in given if each not in wanted])
            faults.append(f"there is no column `{name}`" + (f", but one called `{near}`" if near else ""))
        elif not widens_safely(given[name], kind):
            faults.append(f"`{name}` is {given[name]} and declared as {kind}")
    faults += [f"the column `{name}` is not declared" for name in given if name not in wanted]
    return faults


def _conformed(view: PythonSource, batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    try:
        return conformed(batch.select(schema.names), schema)
    except pa.ArrowException as reason:
        raise _refused(view, f"a value does not fit: {reason}", None) from reason


def _declaration(schema: pa.Schema) -> str:
    columns = ", ".join(f'"{column.name}": "{column.type}"' for column in columns_of(schema))
    return f"Declare what it gives: `@view(output={{{columns}}})`."


def _refused(view: PythonSource, message: str, mend: str | None) -> PythonResultRefused:
    return PythonResultRefused(
        f"The result of the Python view `{view.name}` is not what it declares: {message}",
        subject=view.name,
        location=SourceLocation(file=view.path, line=view.line),
        suggestion=mend,
    )
