"""How the session of a task plans joins."""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

from pathlib import Path

import pyarrow as pa
import pytest

from plan_contracts import TaskLimits, TaskRequest, ViewWork
from plan_engine.task_session import BUILD_SIDE_BYTES, task_session

SMALL_SIDE = 300_000
"""Rows of the smaller side, of 8 bytes each."""


def join_modes(folder: Path, limits: TaskLimits) -> str:
    """Give the plan of a join of a large side and one of 2.4 MB."""
    request = TaskRequest(
        run_id="r",
        task="v",
        definition="0" * 64,
        work=ViewWork(views=()),
        inputs=(),
        outputs=("v",),
        stage_uri=str(folder),
        project_uri=str(folder),
        limits=limits,
    )
    session = task_session(request, folder)
    for name, count in (("small", SMALL_SIDE), ("large", 2 * SMALL_SIDE)):
        column = pa.array(range(count), pa.int64())
        session.register_record_batches(name, [[pa.record_batch({"k": column})]])
    plan = session.sql("explain select * from large join small on large.k = small.k").to_pylist()
    return str(plan)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("partitions", "mode"),
    [(2, "CollectLeft"), (32, "CollectLeft"), (64, "Partitioned")],
)
def test_task_session_holds_one_side_of_a_join_where_partitions_are_few(
    tmp_path: Path, partitions: int, mode: str
) -> None:
    assert BUILD_SIDE_BYTES // 64 < SMALL_SIDE * 8 < BUILD_SIDE_BYTES // 32

    assert f"mode={mode}" in join_modes(tmp_path, TaskLimits(target_partitions=partitions))


@pytest.mark.timeout(60)
def test_task_session_of_a_frugal_task_holds_no_side(tmp_path: Path) -> None:
    plan = join_modes(tmp_path, TaskLimits(target_partitions=2, frugal=True))

    assert "SortMergeJoin" in plan
    assert "HashJoin" not in plan
