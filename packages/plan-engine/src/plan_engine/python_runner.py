"""Running a Python view: inputs as its annotations ask for them, its result held to what it declares, and staged."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
from datafusion import DataFrame, Expr, SessionContext, col

from plan_contracts import FrameKind, PythonInput, PythonWork, TaskRequest
from plan_engine.arrow_schema import arrow_type, conformed, plain_schema
from plan_engine.errors import QueryFailed
from plan_engine.input_versions import drop_if_changed
from plan_engine.pandas_import import use_pandas
from plan_engine.parameters import values_of
from plan_engine.python_failures import view_failure
from plan_engine.python_modules import load_function
from plan_engine.python_results import result_batches, result_schema
from plan_engine.retained import RetainedResults
from plan_engine.staged_file import stage_rows
from plan_engine.table_catalog import quoted
from plan_engine.task_inputs import register_inputs
from plan_engine.task_outputs import ViewRun, staged_output, view_run
from plan_engine.task_session import task_session

Frame = pa.Table | pa.RecordBatchReader | DataFrame
"""As what a Python view may be given an input."""


def run_python_view(request: TaskRequest, work: PythonWork, retained: RetainedResults, scratch: Path) -> ViewRun:
    """Call a Python view and stage what it gives.

    Parameters
    ----------
    request
        What to do; its inputs all have a place.
    work
        The view.
    retained
        Where inputs may lie in memory, and where the output is kept when the request asks for it.
    scratch
        Folder for what does not fit into the memory that the request allows.

    Raises
    ------
    PythonViewFailed
        When the module or the function raises; with the user's own calls.
    PythonResultRefused
        When the function gives something else than it declares.
    ViewChanged
        When the file is not the one that was planned.
    InputUnavailable, VariableMissing, QueryFailed
        When an input, a variable's value or the place for the result is not there.
    """
    use_pandas()
    view, folder = work.view, Path(request.project_uri)
    session = task_session(request, scratch)
    with ExitStack() as links:
        register_inputs(session, request.inputs, retained, Path(request.stage_uri), links)
        arguments = {each.parameter: _frame(session, each) for each in view.inputs}
        variables = {name: value.as_py() for name, value in values_of(view.parameters).items()}
        with view_failure(view, folder):
            function = load_function(view, folder)
            result = function(*arguments.values(), **variables)
            schema = result_schema(view, result)
        batches = result_batches(view, result, schema, folder)
        collect = retained.collecting() if request.hand_on_in_memory else None
        try:
            staged = stage_rows(Path(request.stage_uri), request.task, schema, batches, collect=collect)
        except OSError as reason:
            why = reason.strerror or str(reason)
            message = f"The result of the view `{view.name}` cannot be written to {request.stage_uri}: {why}"
            raise QueryFailed(message, subject=view.name) from reason
        output = staged_output(view.name, staged)
        drop_if_changed(request.inputs, [output], retained)
    return view_run(request, (output,))


def _frame(session: SessionContext, given: PythonInput) -> Frame:
    """Give an input with the columns that the view requires, or all, in plain layout, as what it wants."""
    frame = session.table(quoted(given.name))
    available = plain_schema(frame.schema())
    required = {column.name: column.type for column in given.requirement.columns} if given.requirement else None
    schema = pa.schema(
        [_field(available, name, kind) for name, kind in (required or dict.fromkeys(available.names)).items()]
    )
    frame = frame.select(*(_column(field, frame.schema()) for field in schema))
    if given.wants is FrameKind.DATAFRAME:
        return frame
    batches = (conformed(batch.to_pyarrow(), schema) for batch in frame.execute_stream())
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    return reader if given.wants is FrameKind.READER else reader.read_all()


def _field(available: pa.Schema, name: str, kind: str | None) -> "pa.Field[pa.DataType]":
    field = available.field(name)
    return field if kind is None else field.with_type(arrow_type(kind))


def _column(field: "pa.Field[pa.DataType]", available: pa.Schema) -> Expr:
    column = col(quoted(field.name))
    return column if field.type.equals(available.field(field.name).type) else column.cast(field.type).alias(field.name)
