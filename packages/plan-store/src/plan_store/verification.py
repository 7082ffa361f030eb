"""Comparing everything that a store holds with what it was when it was written."""

# pyarrow's stubs leave the type parameters of schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import RunManifestEnvelope, RunManifestV2, artifact_id, decode_event, encode_msgpack, payload_hash
from plan_store.artifact_links import named_artifacts
from plan_store.documents import MEND, read_document
from plan_store.errors import StoreDamaged
from plan_store.layout import ARTIFACTS, HISTORY, LEDGER, Layout, artifact_key, ledger_key, manifest_key
from plan_store.ledger import newest_number, read_entry
from plan_store.manifests import finished_runs, latest_manifest
from plan_store.object_place import open_objects
from plan_store.objects import leads_out
from plan_store.reader import read_events
from plan_store.segment_index import Segment, read_whole, while_they_last
from plan_store.segments import EVENTS_SCHEMA


def verify_store(layout: Layout) -> Iterator[StoreDamaged]:
    """Give every damage: any changed bit of segments, artifacts, manifests and histories, and what is missing.

    Caches are left out, which may be lost and check themselves, and runs that have not ended.
    """
    spoilt = list(_ledger(layout))
    yield from spoilt
    newest = layout.objects.shown(ledger_key(newest_number(layout.objects)))
    if newest in (damage.subject for damage in spoilt):
        return  # nobody knows which segments count
    yield from _segments(layout)
    yield from _named_by_digest(layout, ARTIFACTS, "artifact")
    yield from _named_by_digest(layout, HISTORY, "history")
    recorded = _recorded(layout)
    for run_id in finished_runs(layout):
        yield from _run(layout, run_id, recorded.get(run_id))


def verify_outputs(layout: Layout, project: str, profile: str, outputs: Path | str) -> Iterator[StoreDamaged]:
    """Give every current output of a project whose bytes are not those that were published.

    Parameters
    ----------
    layout
        The store.
    project, profile
        The newest manifest of these lists what is current.
    outputs
        Folder or URL of the outputs.
    """
    manifest = latest_manifest(layout, project, profile)
    objects = open_objects(outputs)
    for record in manifest.outputs if manifest is not None else ():
        shown = objects.shown(record.uri)
        if leads_out(record.uri):
            yield _damaged_output(shown, "is named as an output, and lies outside of the outputs", "build again")
            continue
        try:
            whole = objects.sha256(record.uri) == record.sha256
        except FileNotFoundError:
            yield _damaged_output(shown, "is gone", "build again")
            continue
        if not whole:
            yield _damaged_output(shown, "is not the file that was published", "build again; it is not reused")


def _damaged_output(shown: str, what: str, mend: str) -> StoreDamaged:
    return StoreDamaged(f"The file {shown} {what}", subject=shown, suggestion=mend)


def _ledger(layout: Layout) -> Iterator[StoreDamaged]:
    for key in layout.objects.keys(LEDGER):
        try:
            read_entry(layout.objects, key)
        except StoreDamaged as damage:
            yield damage
        except FileNotFoundError:
            continue


def _segments(layout: Layout) -> Iterator[StoreDamaged]:
    def check(segments: list[Segment]) -> list[StoreDamaged]:
        return [damage for segment in segments for damage in _segment(layout, segment)]

    try:
        yield from while_they_last(layout, check)
    except StoreDamaged as gone:
        yield gone


def _segment(layout: Layout, segment: Segment) -> Iterator[StoreDamaged]:
    try:
        data = read_whole(layout.objects, segment.key)
    except StoreDamaged as damage:
        yield damage
        return
    if not pq.read_schema(pa.BufferReader(data)).equals(EVENTS_SCHEMA):
        yield _damaged(layout, segment.key, "has not the columns of events", MEND)


def _named_by_digest(layout: Layout, folder: str, what: str) -> Iterator[StoreDamaged]:
    for key in layout.objects.keys(folder):
        name = key.rpartition("/")[2].removesuffix(".msgpack")
        try:
            whole = payload_hash(layout.objects.get(key)) == name.rpartition("-")[2]
        except FileNotFoundError:
            continue
        if not whole:
            yield _damaged(layout, key, f"is no {what}: its bytes do not match its name", MEND)


def _run(layout: Layout, run_id: str, recorded: RunManifestV2 | None) -> Iterator[StoreDamaged]:
    """Compare a manifest with the event that recorded it, and look for the artifacts that it names."""
    key = manifest_key(run_id)
    try:
        manifest = read_document(layout.objects, key, RunManifestV2)
    except StoreDamaged as damage:
        yield damage
        return
    except FileNotFoundError:
        return
    # A reader ignores what it knows not, so the bytes are compared too; an event in a damaged segment tells nothing.
    same = recorded is None or encode_msgpack(recorded) == layout.objects.get(key)
    if not same or manifest.run_id != run_id or artifact_id(manifest) != manifest.artifact_ids.run_manifest:
        yield _damaged(layout, key, "is not the manifest that was recorded", MEND)
    for record in manifest.outputs:
        if leads_out(record.uri):
            yield _damaged(layout, key, f"names the output `{record.uri}`, which lies outside of the outputs", MEND)
    for identity in named_artifacts(layout, manifest):
        if not layout.objects.exists(artifact_key(identity)):
            yield _damaged(layout, artifact_key(identity), f"is gone, and the run {run_id} names it", "")


def _recorded(layout: Layout) -> dict[str, RunManifestV2]:
    """Give the manifests that events hold, by run."""
    found: dict[str, RunManifestV2] = {}
    name = RunManifestEnvelope.event_name()
    for row in read_events(layout, event_name=name, skip_damaged=True):
        if payload_hash(row.event_payload_msgpack) == row.event_payload_hash:
            event = decode_event(row.event_payload_msgpack, event_name=name)
            if isinstance(event, RunManifestEnvelope):
                found[row.run_id] = event.artifact
    return found


def _damaged(layout: Layout, key: str, what: str, mend: str) -> StoreDamaged:
    shown = layout.objects.shown(key)
    return StoreDamaged(f"The file {shown} {what}", subject=shown, suggestion=mend or None)
