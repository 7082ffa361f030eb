"""One task from bytes to a staged file, or to a failure that leaves nothing behind."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plan_contracts import (
    DataFormat,
    DatasetRef,
    PythonWork,
    ResultStatus,
    TaskInput,
    TaskLimits,
    TaskRequest,
    TaskResult,
    ViewSource,
    ViewWork,
    WorkerLimits,
    decode_msgpack,
    encode_msgpack,
)
from plan_engine import EngineRuntime
from plan_engine.arrow_schema import columns_of

ROWS = 1_000_000


def parquet(path: Path, table: pa.Table) -> DatasetRef:
    """Write a table and refer to it."""
    pq.write_table(table, path)
    columns = columns_of(table.schema)
    return DatasetRef(uri=str(path), format=DataFormat.PARQUET, columns=columns, rows=table.num_rows)


def request(
    stage: Path, sql: str, inputs: dict[str, DatasetRef], *, keep: bool = False, task: str = "v"
) -> TaskRequest:
    """Ask for one view."""
    return TaskRequest(
        run_id="r",
        task=task,
        definition="0" * 64,
        work=ViewWork(views=(ViewSource(name=task, path=f"views/{task}.sql", sql=sql),)),
        inputs=tuple(TaskInput(name=name, ref=ref, content_id="0" * 64) for name, ref in sorted(inputs.items())),
        outputs=(task,),
        stage_uri=str(stage / "stage"),
        project_uri=str(stage),
        limits=TaskLimits(target_partitions=2),
        hand_on_in_memory=keep,
    )


def runtime(retain_bytes: int = 0) -> EngineRuntime:
    """Start a runtime."""
    started = EngineRuntime()
    started.start(WorkerLimits(worker="w", slots=2, retain_bytes=retain_bytes, scratch_uri="/nowhere"))
    return started


def run(engine: EngineRuntime, asked: TaskRequest) -> TaskResult:
    """Run a request through its bytes."""
    return decode_msgpack(engine.run(encode_msgpack(asked)), TaskResult)


def staged_files(folder: Path) -> list[str]:
    """Name everything in the stage."""
    return sorted(path.name for path in (folder / "stage").rglob("*")) if (folder / "stage").exists() else []


def numbers(rows: Sequence[int] = range(10)) -> pa.Table:
    """Give a table of numbers."""
    return pa.table({"n": pa.array(rows, pa.int64()), "s": [f"s{row}" for row in rows]})


def test_run_view_over_parquet_stages_exactly_what_it_reports(tmp_path: Path) -> None:
    ref = parquet(tmp_path / "numbers.parquet", numbers())

    result = run(runtime(), request(tmp_path, "select n * 2 as d, s from numbers where n > 3", {"numbers": ref}))

    (output,) = result.outputs
    data = Path(output.ref.uri).read_bytes()
    assert result.status is ResultStatus.SUCCEEDED
    assert (output.rows, output.bytes, output.sha256) == (6, len(data), hashlib.sha256(data).hexdigest())
    assert pq.read_table(output.ref.uri).to_pydict() == {
        "d": [8, 10, 12, 14, 16, 18],
        "s": [f"s{n}" for n in range(4, 10)],
    }
    assert (result.metrics.rows_in, result.metrics.rows_out, result.metrics.partitions) == (10, 6, 2)
    assert staged_files(tmp_path) == [Path(output.ref.uri).name]


def test_run_view_over_csv_reads_with_the_given_types(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,b\n1,x\n2,\n")
    schema = pa.schema([("a", pa.decimal128(10, 2)), ("b", pa.string())])
    ref = DatasetRef(uri=str(tmp_path / "d.csv"), format=DataFormat.CSV, columns=columns_of(schema))

    result = run(runtime(), request(tmp_path, "select a, b from d", {"d": ref}))

    assert result.error is None
    assert str(pq.read_schema(result.outputs[0].ref.uri).field("a").type) == "decimal128(10, 2)"


def test_run_view_over_several_files_reads_exactly_these(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        pq.write_table(numbers([ord(name)]), tmp_path / f"{name}.parquet")
    ref = DatasetRef(
        uri=str(tmp_path),
        format=DataFormat.PARQUET,
        files=(str(tmp_path / "a.parquet"), str(tmp_path / "c.parquet")),
        columns=columns_of(numbers().schema),
    )

    result = run(runtime(), request(tmp_path, "select n from d order by n", {"d": ref}))

    assert pq.read_table(result.outputs[0].ref.uri)["n"].to_pylist() == [ord("a"), ord("c")]
    assert len(staged_files(tmp_path)) == 1


def test_run_view_without_rows_stages_an_empty_file_with_columns(tmp_path: Path) -> None:
    ref = parquet(tmp_path / "numbers.parquet", numbers())

    result = run(runtime(), request(tmp_path, "select n, s from numbers where n > 99", {"numbers": ref}))

    assert result.outputs[0].rows == 0
    assert pq.read_schema(result.outputs[0].ref.uri).names == ["n", "s"]


def test_run_aggregate_that_the_operators_call_not_null_is_written_as_planned(tmp_path: Path) -> None:
    table = pa.table([pa.array(range(10), pa.int64())], schema=pa.schema([pa.field("n", pa.int64(), nullable=False)]))
    ref = parquet(tmp_path / "numbers.parquet", table)

    result = run(runtime(), request(tmp_path, "select max(n) as top from numbers", {"numbers": ref}))

    assert result.error is None
    assert pq.read_table(result.outputs[0].ref.uri).to_pylist() == [{"top": 9}]


FAILING = {
    "division by zero in the last row": "select n / (n - 999999) as q from numbers",
    "cast in the last row": "select cast(case when n = 999999 then 'x' else '1' end as bigint) as q from numbers",
    "overflow": "select cast(n as tinyint) as q from numbers",
}


@pytest.mark.parametrize("case", FAILING)
def test_run_view_failing_late_leaves_no_file(case: str, tmp_path: Path) -> None:
    ref = parquet(tmp_path / "numbers.parquet", pa.table({"n": pa.array(range(ROWS), pa.int64())}))

    result = run(runtime(), request(tmp_path, FAILING[case], {"numbers": ref}))

    assert result.status is ResultStatus.FAILED
    assert result.error is not None
    assert result.error.code == "query_failed"
    assert "`v`" in result.error.message
    assert result.outputs == ()
    assert staged_files(tmp_path) == []


def test_run_input_that_is_gone_is_named(tmp_path: Path) -> None:
    ref = parquet(tmp_path / "numbers.parquet", numbers())
    (tmp_path / "numbers.parquet").unlink()

    result = run(runtime(), request(tmp_path, "select n from numbers", {"numbers": ref}))

    assert result.error is not None
    assert result.error.code == "input_unavailable"
    assert "numbers.parquet" in result.error.message


def test_run_work_of_another_kind_is_a_failure_not_an_exception(tmp_path: Path) -> None:
    asked = request(tmp_path, "select 1 as one", {})
    asked = TaskRequest(
        run_id="r",
        task="v",
        definition=asked.definition,
        work=PythonWork(view="v", module_path="v.py", function="v"),
        inputs=(),
        outputs=("v",),
        stage_uri=asked.stage_uri,
        project_uri=asked.project_uri,
    )

    result = run(runtime(), asked)

    assert result.error is not None
    assert result.error.code == "work_not_supported"


def test_run_result_kept_in_memory_is_read_by_a_consumer_until_released(tmp_path: Path) -> None:
    engine = runtime(retain_bytes=1 << 20)
    ref = parquet(tmp_path / "numbers.parquet", numbers())
    first = run(engine, request(tmp_path, "select n, s from numbers", {"numbers": ref}, keep=True)).outputs[0]
    assert first.memory is not None
    Path(first.ref.uri).unlink()

    asked = request(tmp_path, "select sum(n) as total from v", {"v": first.memory}, task="w")
    second = run(engine, asked)
    engine.release(first.memory.uri)
    third = run(engine, asked)

    assert pq.read_table(second.outputs[0].ref.uri).to_pylist() == [{"total": 45}]
    assert third.error is not None
    assert third.error.code == "input_unavailable"


def test_run_result_beyond_the_budget_is_handed_on_by_file(tmp_path: Path) -> None:
    ref = parquet(tmp_path / "numbers.parquet", numbers())

    result = run(runtime(retain_bytes=8), request(tmp_path, "select n, s from numbers", {"numbers": ref}, keep=True))

    assert result.outputs[0].memory is None
    assert result.status is ResultStatus.SUCCEEDED


def test_run_from_several_threads_gives_each_its_own_result(tmp_path: Path) -> None:
    engine = runtime()
    ref = parquet(tmp_path / "numbers.parquet", numbers())

    def ask(index: int) -> list[int]:
        asked = request(tmp_path, f"select n from numbers where n = {index}", {"numbers": ref}, task=f"t{index}")
        values = pq.read_table(run(engine, asked).outputs[0].ref.uri)["n"].to_pylist()
        return [value for value in values if value is not None]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(10))) == [[index] for index in range(10)]


def test_run_memory_limit_that_is_too_small_fails_cleanly(tmp_path: Path) -> None:
    ref = parquet(tmp_path / "numbers.parquet", pa.table({"n": pa.array(range(ROWS), pa.int64())}))
    asked = request(tmp_path, "select n, count(*) as c from numbers group by n", {"numbers": ref})
    from msgspec.structs import replace

    result = run(runtime(), replace(asked, limits=TaskLimits(target_partitions=2, memory_bytes=100_000)))

    assert result.status is ResultStatus.FAILED
    assert staged_files(tmp_path) == []
