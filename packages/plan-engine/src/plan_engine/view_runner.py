"""Running the query of one task: inputs in, a staged file per output out."""

from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
from datafusion import DataFrame, SessionContext

from plan_contracts import (
    PlanError,
    SourceLocation,
    StagedOutput,
    TaskRequest,
    ViewSource,
    ViewWork,
)
from plan_engine.arrow_schema import conformed
from plan_engine.datafusion_messages import clean, mend_of, wants_memory
from plan_engine.errors import MemoryExhausted, QueryFailed, StagingFailed, WorkNotSupported
from plan_engine.failure_diagnosis import explained
from plan_engine.input_versions import drop_if_changed, drop_outputs
from plan_engine.parallel_write import LARGE_INPUT_BYTES, suits, write_rows
from plan_engine.parameters import clock_of, pin_clock, values_of, with_known_types
from plan_engine.retained import RetainedResults
from plan_engine.secret_values import redacted
from plan_engine.staged_file import QUICK, SMALL, StagedFile, stage_rows
from plan_engine.table_catalog import quoted
from plan_engine.task_inputs import register_inputs
from plan_engine.task_outputs import ViewRun, staged_output, view_run
from plan_engine.task_session import ONE_QUERY, task_session


def run_views(request: TaskRequest, retained: RetainedResults, scratch: Path) -> ViewRun:
    """Compute the views of a task and stage those that are outputs.

    Parameters
    ----------
    request
        What to do; its inputs all have a place.
    retained
        Where inputs may lie in memory, and where outputs are kept when the request asks for it.
    scratch
        Folder for what does not fit into the memory that the request allows.

    Raises
    ------
    QueryFailed
        When a query fails; nothing is left of its file.
    DatasetChanged
        When a file of a dataset is not the one that was planned with, before or after the query.
    InputUnavailable
        When an input is not where the request says.
    WorkNotSupported
        When the work is not a view.
    """
    if not isinstance(request.work, ViewWork):
        kind = type(request.work).__name__
        raise WorkNotSupported(
            f"The task `{request.task}` asks for {kind}, which this engine cannot do", subject=request.task
        )
    session = task_session(request, scratch)
    for view in request.work.views:
        if (clock := clock_of(view.parameters)) is not None:
            pin_clock(session, clock)
    with ExitStack() as links:
        register_inputs(session, request.inputs, retained, Path(request.stage_uri), links)
        staged: list[StagedOutput] = []
        try:
            staged.extend(
                output for view in request.work.views if (output := _run_view(session, view, request, retained))
            )
        except BaseException as failure:
            drop_outputs(staged, retained)
            if isinstance(failure, QueryFailed):
                raise explained(failure, request.inputs) from failure.__cause__
            raise
        drop_if_changed(request.inputs, staged, retained)
    return view_run(request, tuple(staged))


def _run_view(
    session: SessionContext, view: ViewSource, request: TaskRequest, retained: RetainedResults
) -> StagedOutput | None:
    """Stage the view if it is an output, else make it readable for the views after it."""
    try:
        frame = _query(session, view)
        if view.name not in request.outputs:
            session.register_view(quoted(view.name), frame)
            return None
        staged = _stage(session, frame, request, retained)
    except OSError as reason:
        why = reason.strerror or str(reason)
        message = f"The result of the view `{view.name}` cannot be written to {request.stage_uri}: {why}"
        raise StagingFailed(message, subject=view.name) from reason
    except pa.ArrowException as reason:
        message = f"The result of the view `{view.name}` cannot be written: {reason}"
        raise QueryFailed(message, subject=view.name) from reason
    except PlanError:
        raise
    except Exception as reason:
        said = redacted(clean(str(reason)), view.parameters.values())
        message = f"The query of the view `{view.name}` failed: {said}"
        location = SourceLocation(file=view.path)
        mend = mend_of(str(reason))
        if wants_memory(str(reason)):
            raise MemoryExhausted(message, subject=view.name, location=location, suggestion=mend) from reason
        raise QueryFailed(message, subject=view.name, location=location, suggestion=mend) from reason
    return staged_output(view.name, staged)


def _query(session: SessionContext, view: ViewSource) -> DataFrame:
    if not view.parameters:
        return session.sql_with_options(view.sql, ONE_QUERY)
    frame = session.sql_with_options(view.sql, ONE_QUERY, param_values=values_of(view.parameters))
    return with_known_types(session, frame)


def _stage(session: SessionContext, frame: DataFrame, request: TaskRequest, retained: RetainedResults) -> StagedFile:
    """Write the rows: those of large inputs side by side, those of small ones with a copy in memory for consumers."""
    schema, stage = frame.schema(), Path(request.stage_uri)
    encoding = QUICK if request.temp == request.outputs else SMALL
    if sum(each.ref.bytes or 0 for each in request.inputs if each.ref) >= LARGE_INPUT_BYTES and suits(schema, stage):
        return write_rows(session, frame, stage, request.task, encoding=encoding)
    batches = (conformed(batch.to_pyarrow(), schema) for batch in frame.execute_stream())
    collect = retained.collecting() if request.hand_on_in_memory else None
    return stage_rows(stage, request.task, schema, batches, encoding=encoding, collect=collect)
