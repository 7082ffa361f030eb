"""Results in memory: never more than the budget, also while several are made at once, and free again when released."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from test_runtime import parquet, request, run, runtime

from plan_engine.retained import RetainedResults

MEGABYTE = 1 << 20
ROWS = MEGABYTE  # of eight bytes each
TABLE = pa.table({"n": pa.array(range(ROWS), pa.int64())})
BATCHES = TABLE.to_batches(max_chunksize=ROWS // 64)


def test_results_that_are_made_at_once_share_the_budget() -> None:
    results = RetainedResults("w", 20 * MEGABYTE)
    meeting = threading.Barrier(4)

    def collect(_: int) -> bool:
        collecting = results.collecting()
        meeting.wait(20)
        for batch in BATCHES:
            collecting.add(batch)
        meeting.wait(20)  # all are as large as they get, and none is kept yet
        return collecting.keep(TABLE.schema, ROWS) is not None

    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(collect, range(4)))

    assert sum(kept) <= 2
    assert results.reserve(20 * MEGABYTE - sum(kept) * 8 * MEGABYTE)  # what did not fit holds nothing
    assert not results.reserve(1)


def test_result_that_was_given_up_or_released_makes_room_for_the_next() -> None:
    results = RetainedResults("w", 9 * MEGABYTE)
    for _ in range(5):
        failed = results.collecting()
        failed.add(BATCHES[0])
        failed.drop()
        collecting = results.collecting()
        for batch in BATCHES:
            collecting.add(batch)
        ref = collecting.keep(TABLE.schema, ROWS)
        assert ref is not None
        assert ref.bytes == 8 * MEGABYTE
        results.release(ref.uri)
        results.release(ref.uri)

    assert results.reserve(9 * MEGABYTE)


@pytest.mark.timeout(120)
def test_run_at_once_keeps_what_fits_and_hands_on_the_rest_by_file(tmp_path: Path) -> None:
    engine = runtime(retain_bytes=20 * MEGABYTE)
    ref = parquet(tmp_path / "numbers.parquet", TABLE)

    def result(index: int) -> str | None:
        asked = request(
            tmp_path, f"select n + {index} as n from numbers", {"numbers": ref}, task=f"v{index}", keep=True
        )
        (output,) = run(engine, asked).outputs
        assert output.rows == ROWS
        assert Path(output.ref.uri).exists()
        return output.memory.uri if output.memory is not None else None

    with ThreadPoolExecutor(4) as pool:
        kept = [uri for uri in pool.map(result, range(8)) if uri is not None]
    assert len(kept) <= 2
    for uri in kept:
        engine.release(uri)

    assert [result(8) is not None, result(9) is not None, result(10) is not None] == [True, True, False]


@pytest.mark.timeout(120)
def test_run_that_fails_keeps_nothing_in_memory(tmp_path: Path) -> None:
    engine = runtime(retain_bytes=9 * MEGABYTE)
    ref = parquet(tmp_path / "numbers.parquet", TABLE)
    for _ in range(3):
        sql = "select n, 1 / (n - 1048575) as q from numbers"
        failed = run(engine, request(tmp_path, sql, {"numbers": ref}, task="bad", keep=True))
        assert failed.error is not None

    (output,) = run(
        engine, request(tmp_path, "select n from numbers", {"numbers": ref}, task="good", keep=True)
    ).outputs

    assert output.memory is not None
