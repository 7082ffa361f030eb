"""Comparing everything that a store holds with what it was when it was written."""

from collections.abc import Iterator
from pathlib import Path

from plan_contracts import RunManifestEnvelope, RunManifestV2, artifact_id, decode_event, encode_msgpack, payload_hash
from plan_store.documents import read_document
from plan_store.errors import StoreDamaged
from plan_store.layout import Layout
from plan_store.manifests import finished_runs, latest_manifest
from plan_store.reader import read_events
from plan_store.segments import check_digest, list_segments, run_of


def verify_store(layout: Layout) -> Iterator[StoreDamaged]:
    """Give every damage: any changed bit of segments, artifacts, manifests and histories, and what is missing.

    Caches are left out, which may be lost and check themselves, and runs that have not ended.
    """
    yield from _segments(layout)
    yield from _named_by_digest(layout.artifacts, "artifact")
    yield from _named_by_digest(layout.history, "history")
    for run_id in finished_runs(layout):
        yield from _run(layout, run_id)


def verify_outputs(layout: Layout, project: str, profile: str, outputs: Path) -> Iterator[StoreDamaged]:
    """Give every current output of a project whose bytes are not those that were published.

    Parameters
    ----------
    layout
        The store.
    project, profile
        The newest manifest of these lists what is current.
    outputs
        Folder of the outputs.
    """
    manifest = latest_manifest(layout, project, profile)
    for record in manifest.outputs if manifest is not None else ():
        path = outputs / record.uri
        if not path.is_file():
            yield _damaged(path, "is gone", "build again")
        elif payload_hash(path.read_bytes()) != record.sha256:
            yield _damaged(path, "is not the file that was published", "build again; it is not reused")


def _segments(layout: Layout) -> Iterator[StoreDamaged]:
    for segment in list_segments(layout.events):
        if run_of(segment) is None:
            yield _damaged(segment, "is not named as a segment is", "move it away, if it is not yours")
            continue
        try:
            check_digest(segment)
        except StoreDamaged as damage:
            yield damage


def _named_by_digest(folder: Path, what: str) -> Iterator[StoreDamaged]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if payload_hash(path.read_bytes()) != path.stem.rpartition("-")[2]:
            yield _damaged(path, f"is no {what}: its bytes do not match its name", "move it away to go on without it")


def _run(layout: Layout, run_id: str) -> Iterator[StoreDamaged]:
    """Compare a manifest with the event that recorded it, and look for the artifacts that it names."""
    path = layout.manifest(run_id)
    try:
        manifest = read_document(path, RunManifestV2)
    except StoreDamaged as damage:
        yield damage
        return
    recorded = _recorded(layout, run_id)
    same = recorded is not None and encode_msgpack(recorded) == path.read_bytes()  # a reader ignores what it knows not
    if not same or artifact_id(manifest) != manifest.artifact_ids.run_manifest:
        yield _damaged(path, "is not the manifest that was recorded", "move it away to go on without it")
    ids = manifest.artifact_ids
    for identity in (ids.run_manifest, ids.plan_schedule, ids.plan_validation):
        if identity is not None and not layout.artifact(identity).is_file():
            yield _damaged(layout.artifact(identity), f"is gone, and the run {run_id} names it", "")


def _recorded(layout: Layout, run_id: str) -> RunManifestV2 | None:
    name = RunManifestEnvelope.event_name()
    for row in read_events(layout, run_id=run_id, skip_damaged=True):
        if row.event_name == name and payload_hash(row.event_payload_msgpack) == row.event_payload_hash:
            event = decode_event(row.event_payload_msgpack, event_name=name)
            return event.artifact if isinstance(event, RunManifestEnvelope) else None
    return None


def _damaged(path: Path, what: str, mend: str) -> StoreDamaged:
    return StoreDamaged(f"The file {path} {what}", subject=str(path), suggestion=mend or None)
