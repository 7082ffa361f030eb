"""Running a scan: the units of a dataset in their order, projected and filtered, into one staged file."""

# pyarrow's stubs leave the type parameters of schemas and fields open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datafusion import DataFrame, SessionContext
from msgspec.structs import replace

from plan_contracts import DatasetRef, PlanError, ScanUnit, ScanWork, TaskRequest
from plan_engine.arrow_schema import conformed, schema_of
from plan_engine.data_source import source_of
from plan_engine.datafusion_messages import clean, mend_of
from plan_engine.dataset_reading import register_dataset, source_files
from plan_engine.errors import InputUnavailable, QueryFailed
from plan_engine.failure_diagnosis import explained
from plan_engine.input_versions import check_versions, drop_if_changed
from plan_engine.retained import RetainedResults
from plan_engine.staged_file import stage_rows
from plan_engine.table_catalog import quoted
from plan_engine.task_outputs import ViewRun, staged_output
from plan_engine.task_session import ONE_QUERY, task_session

_UNIT = "unit"


def run_scan(request: TaskRequest, work: ScanWork, retained: RetainedResults, scratch: Path) -> ViewRun:
    """Read the units of a dataset one after the other and stage what passes.

    One partition reads them, so that the rows keep their order and the file its bytes.

    Raises
    ------
    QueryFailed
        When a unit cannot be read; nothing is left of the file.
    InputUnavailable, DatasetChanged
        When a file of the dataset is gone, or another one than was planned with.
    """
    ref = request.inputs[0].ref
    if ref is None:
        raise InputUnavailable(f"The dataset `{work.dataset}` has no place", subject=work.dataset)
    check_versions(request.inputs)
    whole = schema_of(ref.columns)
    schema = pa.schema([whole.field(column) for column in work.projection])
    collect = retained.collecting() if request.hand_on_in_memory else None
    session = task_session(replace(request, limits=replace(request.limits, target_partitions=1)), scratch)
    try:
        rows = _rows(session, ref, work, schema, Path(request.stage_uri))
        staged = stage_rows(Path(request.stage_uri), request.task, schema, rows, collect=collect)
    except PlanError:
        raise
    except Exception as reason:
        message = f"The scan of the dataset `{work.dataset}` failed: {clean(str(reason))}"
        failure = QueryFailed(message, subject=work.dataset, suggestion=mend_of(str(reason)))
        failure.__cause__ = reason
        raise explained(failure, request.inputs) from reason
    output = staged_output(work.dataset, staged)
    drop_if_changed(request.inputs, [output], retained)
    return ViewRun(outputs=(output,), rows_in=_sum_rows(work), bytes_in=_sum_bytes(work))


def _sum_rows(work: ScanWork) -> int | None:
    rows = [unit.rows for unit in work.units if unit.rows is not None]
    return sum(rows) if len(rows) == len(work.units) else None


def _sum_bytes(work: ScanWork) -> int | None:
    sizes = [unit.bytes for unit in work.units if unit.bytes is not None]
    return sum(sizes) if len(sizes) == len(work.units) else None


def _rows(
    session: SessionContext, ref: DatasetRef, work: ScanWork, schema: pa.Schema, stage: Path
) -> Iterator[pa.RecordBatch]:
    places = ref.places()
    for unit in work.units:
        part = ref.limited_to(unit.files, places)
        if unit.row_groups:
            yield from _row_groups(session, part, unit, work, schema)
            continue
        with ExitStack() as links:
            register_dataset(session, _UNIT, part, stage, links)
            for batch in _selected(session, work).execute_stream():
                yield conformed(batch.to_pyarrow(), schema)
        session.deregister_table(quoted(_UNIT))


def _selected(session: SessionContext, work: ScanWork) -> DataFrame:
    columns = ", ".join(quoted(column) for column in work.projection)
    where = f" where {' and '.join(work.filters)}" if work.filters else ""
    return session.sql_with_options(f"select {columns} from {quoted(_UNIT)}{where}", ONE_QUERY)


def _row_groups(
    session: SessionContext, part: DatasetRef, unit: ScanUnit, work: ScanWork, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Read row groups one by one, so that no more than one is in memory; DataFusion reads whole files only."""
    source = source_of(work.dataset, part.uri, part.storage)
    for index, (file, (first, count)) in enumerate(zip(source_files(part), unit.row_groups, strict=True)):
        constants = dict(
            zip(part.partition_columns, part.partition_values[index] if part.partition_values else (), strict=True)
        )
        with source.open(file) as opened:
            parquet = pq.ParquetFile(opened)
            present = [column for column in work.projection if column in parquet.schema_arrow.names]
            for group in range(first, first + count):
                table = _completed(parquet.read_row_group(group, columns=present), schema, constants)
                session.register_record_batches(quoted(_UNIT), [table.to_batches() or _no_batch(schema)])
                for batch in _selected(session, work).execute_stream():
                    yield conformed(batch.to_pyarrow(), schema)
                session.deregister_table(quoted(_UNIT))


def _completed(table: pa.Table, schema: pa.Schema, constants: dict[str, str | None]) -> pa.Table:
    """Give the table all columns of the schema: constants of its folders, and nulls where the file has no column."""
    columns = [
        table.column(field.name).cast(field.type)
        if field.name in table.column_names
        else pa.array([constants.get(field.name)] * table.num_rows, pa.string()).cast(field.type)
        if constants.get(field.name) is not None
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _no_batch(schema: pa.Schema) -> list[pa.RecordBatch]:
    return [pa.RecordBatch.from_pylist([], schema=schema)]
