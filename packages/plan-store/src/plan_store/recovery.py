"""Runs whose driver died: they get the manifest that they could not write, and their scratch is collected."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from plan_contracts import (
    ArtifactIds,
    CheckRecord,
    DocumentRefused,
    EventRow,
    OutputRecord,
    OutputStatus,
    PlanDriftEnvelope,
    PlanScheduleEnvelope,
    PlanValidationEnvelope,
    RunManifestEnvelope,
    RunManifestV2,
    RunStatus,
    TaskFinished,
    TaskStatus,
    UnknownEvent,
    decode_event,
)
from plan_contracts.store_records import RunMarker
from plan_store.documents import read_documents
from plan_store.layout import RUNS, STAGED_ELSEWHERE, STAGING_ENDING, Layout, manifest_key, marker_key
from plan_store.manifests import latest_manifest
from plan_store.run_marker import is_dead


def dead_runs(layout: Layout, locked_project: str | None) -> list[RunMarker]:
    """Give the drivers that are gone without a manifest, the oldest first; damaged markers are passed over.

    Parameters
    ----------
    layout
        The store.
    locked_project
        A project whose lock the caller holds: nobody else can be driving a run of it on this host.
    """
    keys = [key for key in layout.objects.keys(RUNS) if key.endswith("/running.msgpack")]
    markers = read_documents(layout.objects, keys, RunMarker, skip_damaged=True)
    return [
        marker
        for marker in markers
        if marker_key(marker.draft.run_id) in keys  # else it names a folder that is not its own, which is to be removed
        and not layout.objects.exists(manifest_key(marker.draft.run_id))
        and (is_dead(marker) or marker.draft.project == locked_project)
    ]


def recorded_manifest(layout: Layout, run_id: str) -> RunManifestV2 | None:
    """Give the manifest that a run's driver had recorded before it died, with its end in sight; mostly none."""
    name = RunManifestEnvelope.event_name()
    for row in _events(layout, run_id, name):
        try:
            event = decode_event(row.event_payload_msgpack, event_name=row.event_name)
        except DocumentRefused:
            continue
        if isinstance(event, RunManifestEnvelope):
            return event.artifact
    return None


def interrupted_manifest(layout: Layout, marker: RunMarker) -> RunManifestV2:
    """Put together what is known of a run from its flushed events and the manifest before it.

    Every output that the run is known to have published, or that was current before, is listed; the committer of the
    next run drops those whose files have other bytes by then.
    """
    draft = marker.draft
    before = latest_manifest(layout, draft.project, draft.profile)
    outputs: dict[str, OutputRecord] = {}
    if before is not None:
        outputs = {record.name: replace(record, status=OutputStatus.KEPT) for record in before.outputs}
    passed: dict[str, CheckRecord] = {record.subject: record for record in before.checks} if before is not None else {}
    counts: dict[TaskStatus, int] = {}
    ids = ArtifactIds()
    ended_at, signatures = draft.started_at_unix_ms, ("", "")
    for row in _events(layout, draft.run_id):
        ended_at = max(ended_at, row.event_time_unix_ms)
        signatures = (row.plan_signature, row.reduced_plan_signature)
        try:
            event = decode_event(row.event_payload_msgpack, event_name=row.event_name)
        except DocumentRefused:
            continue
        if isinstance(event, UnknownEvent):
            continue
        if isinstance(event, PlanValidationEnvelope):
            ids = replace(ids, plan_validation=event.artifact_id)
        elif isinstance(event, PlanDriftEnvelope):
            ids = replace(ids, plan_drift=event.artifact_id)
        elif isinstance(event, PlanScheduleEnvelope):
            ids = replace(ids, plan_schedule=event.artifact_id)
        elif isinstance(event, TaskFinished):
            counts[event.status] = counts.get(event.status, 0) + 1
            outputs |= {record.name: record for record in event.outputs}
            passed |= {event.passed.subject: event.passed} if event.passed is not None else {}
    return replace(
        draft,
        status=RunStatus.INTERRUPTED,
        ended_at_unix_ms=ended_at,
        plan_signature=signatures[0],
        reduced_plan_signature=signatures[1],
        outputs=tuple(record for _, record in sorted(outputs.items())),
        checks=tuple(record for _, record in sorted(passed.items())),
        task_counts=counts,
        artifact_ids=ids,
    )


def _events(layout: Layout, run_id: str, event_name: str | None = None) -> Iterator[EventRow]:
    from plan_store.reader import read_events  # which imports what no run needs whose predecessors have all ended

    return read_events(layout, runs={run_id}, event_name=event_name, skip_damaged=True)


def collect_scratch(layout: Layout) -> None:
    """Remove what runs have staged on this machine that have ended, whoever recorded their end.

    What a run staged beside outputs on another file system goes with it.
    """
    try:
        staged = list(layout.scratch.iterdir())
    except OSError:
        return
    for folder in staged:
        if layout.objects.exists(manifest_key(folder.name)):
            for pointer in folder.glob(f"*/{STAGED_ELSEWHERE}"):
                _remove_elsewhere(Path(pointer.read_text(encoding="utf-8")), folder.name)
            shutil.rmtree(folder, ignore_errors=True)


def _remove_elsewhere(stage: Path, run_id: str) -> None:
    """Remove a folder for staging, if it is called as one of this run would be, and the one above it if it is empty."""
    if stage.name == run_id and stage.parent.name.endswith(STAGING_ENDING):
        shutil.rmtree(stage, ignore_errors=True)
        try:
            stage.parent.rmdir()
        except OSError:
            return  # another run stages there, or somebody has removed it
