"""The manifest of a run that is appended to a store by hand."""

from plan_contracts import ArtifactIds, ExecutionMode, MachineInfo, RunManifestV2, RunStatus


def manifest(run_id: str) -> RunManifestV2:
    """Give the manifest of a run of the project `shop` that did nothing."""
    return RunManifestV2(
        run_id=run_id,
        status=RunStatus.SUCCEEDED,
        project="shop",
        profile="",
        started_at_unix_ms=1,
        ended_at_unix_ms=2,
        plan_signature="",
        reduced_plan_signature="",
        execution_mode=ExecutionMode.PLAN_PARALLEL,
        executor_config=None,
        executor_reason="",
        dataset_snapshots=(),
        outputs=(),
        task_counts={},
        versions={},
        artifact_ids=ArtifactIds(),
        machine=MachineInfo(cores=1, memory_bytes=1, platform="", python=""),
    )
