"""One task from bytes to a staged file, or to a failure that leaves nothing behind."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from plan_contracts import (
    DataFormat,
    DatasetRef,
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
from plan_engine import EngineRuntime, view_runner
from plan_engine.arrow_schema import columns_of, plain_schema

ROWS = 1_000_000


def parquet(path: Path, table: pa.Table) -> DatasetRef:
    """Write a table and refer to it."""
    pq.write_table(table, path)
    columns = columns_of(table.schema)
    return DatasetRef(uri=str(path), format=DataFormat.PARQUET, columns=columns, rows=table.num_rows)


def texts(folder: Path) -> DatasetRef:
    """Write 400,000 rows of text, which a hash join holds in some 50 MB."""
    rows = 400_000
    lines = [f"a text of some length {row}" for row in range(rows)]
    return parquet(folder / "texts.parquet", pa.table({"n": pa.array(range(rows), pa.int64()), "s": lines}))


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


TYPES = pa.table(
    {
        "i8": pa.array([1, None, -3], pa.int8()),
        "u64": pa.array([1, None, 2**63], pa.uint64()),
        "f32": pa.array([1.5, None, float("nan")], pa.float32()),
        "flag": pa.array([True, None, False]),
        "text": pa.array(["a", None, "ü"], pa.string()),
        "view": pa.array(["a", None, "b"], pa.string_view()),
        "price": pa.array([Decimal("1.25"), None, Decimal("-3.50")], pa.decimal128(15, 2)),
        "day": pa.array([date(2026, 1, 2), None, date(1970, 1, 1)], pa.date32()),
        "at": pa.array([1, None, -1], pa.timestamp("us")),
        "utc": pa.array([1, None, -1], pa.timestamp("ms", tz="UTC")),
        "nano": pa.array([1, None, -1], pa.timestamp("ns")),
    }
)


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_run_result_of_large_inputs_is_the_same_as_of_small_ones(
    large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_runner, "LARGE_INPUT_BYTES", 1 if large else 1 << 40)
    ref = replace(parquet(tmp_path / "types.parquet", TYPES), bytes=1000)

    (output,) = run(runtime(1 << 20), request(tmp_path, "select * from t", {"t": ref}, keep=True)).outputs

    stored = pq.read_table(output.ref.uri)
    data = Path(output.ref.uri).read_bytes()
    expected = TYPES.cast(plain_schema(TYPES.schema))
    assert (output.memory is None) is large
    assert (output.rows, output.bytes, output.sha256) == (3, len(data), hashlib.sha256(data).hexdigest())
    assert output.ref.columns == columns_of(expected.schema)
    assert columns_of(stored.schema) == columns_of(expected.schema)
    assert stored.drop_columns(["f32"]).equals(expected.drop_columns(["f32"]).cast(stored.drop_columns(["f32"]).schema))
    assert [str(each) for each in stored["f32"].to_pylist()] == ["1.5", "None", "nan"]


@pytest.mark.parametrize("q", ["n / (n - 999999)", "cast(s as int)"])
def test_run_large_failing_query_leaves_no_file(q: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_runner, "LARGE_INPUT_BYTES", 1)
    ref = replace(parquet(tmp_path / "numbers.parquet", numbers(range(ROWS))), bytes=1 << 30)

    result = run(runtime(), request(tmp_path, f"select {q} as q from numbers", {"numbers": ref}))

    assert result.status is ResultStatus.FAILED
    assert result.error is not None
    assert result.error.code == "query_failed"
    assert staged_files(tmp_path) == []


@pytest.mark.parametrize("temp", [False, True], ids=["output", "temporary"])
def test_run_large_temporary_result_says_less_of_its_pages(
    temp: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_runner, "LARGE_INPUT_BYTES", 1)
    ref = replace(parquet(tmp_path / "numbers.parquet", numbers()), bytes=1 << 30)
    asked = request(tmp_path, "select n from numbers", {"numbers": ref})

    (output,) = run(runtime(), replace(asked, temp=asked.outputs if temp else ())).outputs

    column = pq.read_metadata(output.ref.uri).row_group(0).column(0)
    said = column.statistics
    assert said is not None
    assert (said.min, said.max) == (0, 9)
    assert column.has_column_index is not temp


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"c": pa.array([[1]], pa.list_(pa.int64()))}),
        pa.table({"c": pa.array([1], pa.timestamp("us", tz="Europe/Oslo"))}),
        pa.table({"c": pa.array([1], pa.duration("s"))}),
        pa.table({"c": pa.array(["x"]).dictionary_encode()}),
    ],
    ids=["list", "zone", "duration", "dictionary"],
)
def test_run_large_result_with_types_that_parquet_does_not_tell_keeps_them(
    table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_runner, "LARGE_INPUT_BYTES", 1)
    ref = replace(parquet(tmp_path / "t.parquet", table), bytes=1 << 30)

    (output,) = run(runtime(), request(tmp_path, "select c from t", {"t": ref})).outputs

    assert columns_of(pq.read_schema(output.ref.uri)) == columns_of(table.schema)


def test_run_large_result_in_a_folder_with_odd_characters_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_runner, "LARGE_INPUT_BYTES", 1)
    folder = tmp_path / "it's a * [folder]?"
    folder.mkdir()
    ref = replace(parquet(folder / "numbers.parquet", numbers()), bytes=1 << 30)

    (output,) = run(runtime(), request(folder, "select n from numbers", {"numbers": ref})).outputs

    assert pq.read_table(pa.OSFile(output.ref.uri, "rb"))["n"].to_pylist() == list(range(10))
    assert staged_files(folder) == [Path(output.ref.uri).name]


@pytest.mark.timeout(60)
def test_run_join_that_does_not_fit_its_memory_fails_and_fits_when_it_is_frugal(tmp_path: Path) -> None:
    engine = EngineRuntime()
    engine.start(WorkerLimits(worker="w", scratch_uri=str(tmp_path / "scratch")))
    join = "select a.n, a.s, b.s as t from texts as a join texts as b on a.n = b.n order by t desc"
    asked = request(tmp_path, join, {"texts": texts(tmp_path)})

    first = run(engine, replace(asked, limits=TaskLimits(target_partitions=2, memory_bytes=64 << 20)))
    second = run(engine, replace(asked, limits=TaskLimits(memory_bytes=64 << 20, frugal=True)))

    assert first.error is not None
    assert first.error.code == "memory_exhausted"
    assert second.error is None
    assert second.outputs[0].rows == 400_000
