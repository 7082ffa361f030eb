"""Stores with recorded runs, for tests."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import (
    ArtifactIds,
    CostSource,
    DataFormat,
    DatasetRef,
    ExecutionMode,
    MachineInfo,
    OutputRecord,
    PlanScheduleArtifact,
    PlanSignatures,
    RunManifestV2,
    RunStarted,
    RunStatus,
    StagedOutput,
    TaskFinished,
    TaskStatus,
)
from plan_contracts.testing import FakeClock, definition_of
from plan_store import OutputCommitter, PlanStore

BEGINNING = 1_767_323_045_000
KEY = "1" * 64
SIGNATURES = PlanSignatures(plan_signature="a" * 64, reduced_plan_signature="b" * 64)


def run_id(number: int) -> str:
    """Give an id as the product makes them; a larger number is a newer run."""
    return f"20260102T0304{number:02d}.000Z-0000000{number % 10}"


def draft(number: int = 1, *, project: str = "shop", outputs: Sequence[OutputRecord] = ()) -> RunManifestV2:
    """Give a manifest."""
    return RunManifestV2(
        run_id=run_id(number),
        status=RunStatus.SUCCEEDED,
        started_at_unix_ms=BEGINNING + number,
        ended_at_unix_ms=BEGINNING + number + 1500,
        project=project,
        profile="",
        plan_signature=SIGNATURES.plan_signature,
        reduced_plan_signature=SIGNATURES.reduced_plan_signature,
        execution_mode=ExecutionMode.PLAN_PARALLEL,
        executor_config=None,
        executor_reason="as the test says",
        dataset_snapshots=(),
        outputs=tuple(outputs),
        task_counts={},
        versions={},
        machine=MachineInfo(cores=2, memory_bytes=1, platform="test", python="3"),
        artifact_ids=ArtifactIds(),
    )


def finished(
    task: str, *, status: TaskStatus = TaskStatus.SUCCEEDED, outputs: Sequence[OutputRecord] = ()
) -> TaskFinished:
    """Give the event that ends a task."""
    return TaskFinished(
        task=task,
        status=status,
        attempts=1,
        definition=definition_of(task),
        predicted_seconds=0.5,
        actual_seconds=0.25,
        outputs=tuple(outputs),
    )


def schedule(*tasks: str) -> PlanScheduleArtifact:
    """Give a schedule of independent tasks."""
    return PlanScheduleArtifact(
        run_id=run_id(1),
        plan_signature=SIGNATURES.plan_signature,
        reduced_plan_signature=SIGNATURES.reduced_plan_signature,
        task_count=len(tasks),
        ordered_tasks=tasks,
        generations=(tasks,),
        critical_path_tasks=tasks[:1],
        critical_path_length_weighted=1.0,
        task_costs=dict.fromkeys(tasks, 1.0),
        cost_sources=dict.fromkeys(tasks, CostSource.DECLARED),
        cost_table_id="c" * 64,
        bottom_level_costs=dict.fromkeys(tasks, 1.0),
        earliest_start=dict.fromkeys(tasks, 0.0),
        slack_by_task=dict.fromkeys(tasks, 0.0),
        views_by_task={name: (name,) for name in tasks},
    )


def open_store(root: Path, *, read_only: bool = False) -> PlanStore:
    """Open a store whose clock stands still."""
    return PlanStore.open(root, clock=FakeClock(BEGINNING), read_only=read_only)


def record(store: PlanStore, number: int = 1, tasks: Sequence[str] = ("a", "b")) -> RunManifestV2:
    """Record a whole run and give its stored manifest."""
    manifest = draft(number)
    with store.begin_run(manifest) as writer:
        writer.set_signatures(SIGNATURES)
        writer.emit(RunStarted(project=manifest.project, pid=1, host="here"))
        writer.put_schedule(schedule(*tasks))
        for task in tasks:
            writer.emit(finished(task))
        writer.put_manifest(manifest)
    return store.manifest(manifest.run_id)


def parquet(path: Path, rows: int, view: str = "v") -> StagedOutput:
    """Write a Parquet file as a worker stages it, and describe it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"n": pa.array(range(rows), pa.int64())}), path)
    data = path.read_bytes()
    ref = DatasetRef(uri=str(path), format=DataFormat.PARQUET, columns=(), rows=rows, bytes=len(data))
    return StagedOutput(view=view, ref=ref, sha256=hashlib.sha256(data).hexdigest(), rows=rows, bytes=len(data))


def segments(root: Path) -> list[Path]:
    """Give the files that hold events."""
    return sorted((root / "events").glob("*/*.parquet"))


def committer(folder: Path, number: int = 1, *, cache_bytes: int | None = None) -> OutputCommitter:
    """Give a committer that is ready, over the store and outputs of a folder."""
    made = open_store(folder / "store").committer(draft(number), folder / "out", cache_bytes=cache_bytes)
    made.prepare()
    return made


def staged(made: OutputCommitter, rows: int = 3, view: str = "v") -> StagedOutput:
    """Stage a file as a worker does."""
    return parquet(Path(made.stage_uri()) / f"{view}.{rows}.parquet", rows, view)


def start(program: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    """Start a program that can import what these tests import."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
