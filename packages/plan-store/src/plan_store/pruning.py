"""Forgetting old runs, and what nobody names any more."""

# pyarrow's stubs leave the type parameters of arrays and schemas open.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plan_contracts import (
    PlanDriftEnvelope,
    PlanScheduleEnvelope,
    PlanValidationEnvelope,
    RunManifestV2,
    RunStatus,
    StorePruning,
    decode_event,
)
from plan_contracts.store_records import CompactedSegment
from plan_store.artifact_links import named_artifacts
from plan_store.compacted_segment import put_compacted
from plan_store.compaction import finish_removals, remove
from plan_store.layout import ARTIFACTS, HISTORY, SEGMENTS, Layout, manifest_key, marker_key
from plan_store.ledger import NumberedEntry, commit, newest_entry, succeed
from plan_store.manifests import manifests, running_runs
from plan_store.objects import Objects, StoredObject
from plan_store.reader import read_events
from plan_store.segment_index import read_whole, run_of

_OUTPUT = re.compile(r"[^/]+/[0-9a-f]{64}/[0-9a-f]{64}\.parquet")

GRACE_SECONDS = 3600.0
"""Age below which an artifact without a run stays: its run may not have been recorded yet."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Which runs are kept. A run goes when each limit that is given lets it go; without any, all stay."""

    keep: int | None = None
    """Runs of each project and profile, the newest."""
    not_before_unix_ms: int | None = None
    """Runs that ended at this time or later."""


def prune_runs(layout: Layout, retention: Retention, now: float, *, dry_run: bool) -> StorePruning:
    """Remove old runs with all that belongs to them alone.

    Of each project and profile the newest run stays, with all that it needs, and the newest that succeeded. The
    manifest of a run goes last, so that a pruning that is killed is finished by the next one.

    Parameters
    ----------
    layout
        The store.
    retention
        What is kept.
    now
        Seconds since 1970.
    dry_run
        Remove nothing, and tell what would be removed.

    Raises
    ------
    StoreDamaged
        When a manifest or the ledger is damaged: it is not known then what is needed.
    """
    known = list(manifests(layout))
    gone = _to_forget(known, retention)
    histories = _objects_of(layout.objects.listing(HISTORY), gone)
    segments = [each for each in layout.objects.listing(SEGMENTS) if run_of(each.key) in gone]
    if not dry_run:
        _forget_events(layout, gone)
        remove(layout.objects, [each.key for each in histories])
        for run_id in sorted(gone):
            layout.objects.delete(marker_key(run_id))
            layout.objects.delete(manifest_key(run_id))
    artifacts = _unnamed_artifacts(layout, (each for each in known if each.run_id not in gone), now)
    if not dry_run:
        remove(layout.objects, [each.key for each in artifacts])
    return StorePruning(
        runs=tuple(sorted(gone)),
        artifacts=len(artifacts),
        outputs=0,
        cached_results=0,
        bytes=sum(each.bytes for each in (*segments, *histories, *artifacts)),
    )


def unlisted_outputs(
    layout: Layout, outputs: Objects, gone: Set[str], now: float, min_age_seconds: float
) -> list[StoredObject]:
    """Give the objects below the URL of outputs that no kept manifest lists, and that no running build has put.

    Parameters
    ----------
    layout
        The store.
    outputs
        The objects below the URL.
    gone
        Runs whose manifests do not count.
    now
        Seconds since 1970.
    min_age_seconds
        Age below which an object stays.
    """
    listed = {
        record.uri for manifest in manifests(layout) if manifest.run_id not in gone for record in manifest.outputs
    }
    if running_runs(layout):
        return []
    return [
        each
        for each in outputs.listing("")
        if each.key not in listed
        and _OUTPUT.fullmatch(each.key)
        and each.modified < now - max(min_age_seconds, GRACE_SECONDS)
    ]


def orphan_artifacts(layout: Layout, now: float) -> list[StoredObject]:
    """Give the artifacts that no run names and that are old enough to be collected."""
    return _unnamed_artifacts(layout, manifests(layout), now)


def _to_forget(known: list[RunManifestV2], retention: Retention) -> set[str]:
    """Choose among the manifests, which come the newest first."""
    if retention == Retention():
        return set()
    seen: dict[tuple[str, str], int] = {}
    succeeded: set[tuple[str, str]] = set()
    gone: set[str] = set()
    for manifest in known:
        line = (manifest.project, manifest.profile)
        rank = seen[line] = seen.get(line, 0) + 1
        newest_success = manifest.status is RunStatus.SUCCEEDED and line not in succeeded
        if manifest.status is RunStatus.SUCCEEDED:
            succeeded.add(line)
        recent = retention.not_before_unix_ms is not None and manifest.ended_at_unix_ms >= retention.not_before_unix_ms
        among_kept = retention.keep is not None and rank <= retention.keep
        if rank > 1 and not newest_success and not recent and not among_kept:
            gone.add(manifest.run_id)
    return gone


def _objects_of(listing: Iterable[StoredObject], runs: Set[str]) -> list[StoredObject]:
    """Give the histories of runs; their names begin with the run's id and end with a digest."""
    return [each for each in listing if each.key.rpartition("/")[2].rpartition("-")[0] in runs]


def _forget_events(layout: Layout, runs: Set[str]) -> None:
    """Take every event of the runs out of the store in one step, then remove the segments."""
    finish_removals(layout.objects)
    while True:
        newest = newest_entry(layout.objects)
        single = [key for key in layout.objects.keys(SEGMENTS) if run_of(key) in runs]
        mixed = [segment for segment in newest.ledger.segments if not runs.isdisjoint(segment.runs)]
        if not single and not mixed:
            return
        done = _replace(layout, newest, single, mixed, runs)
        if done is not None:
            remove(layout.objects, done.ledger.retired)
            return


def _replace(
    layout: Layout, newest: NumberedEntry, single: list[str], mixed: list[CompactedSegment], runs: Set[str]
) -> NumberedEntry | None:
    made: list[CompactedSegment] = []
    for segment in mixed:
        try:
            table = pq.read_table(pa.BufferReader(read_whole(layout.objects, segment.key)))
        except FileNotFoundError:
            return None  # somebody else has replaced it
        left = table.filter(pc.invert(pc.is_in(table["run_id"], pa.array(sorted(runs), pa.string()))))
        if left.num_rows:
            made.append(put_compacted(layout.objects, left))
    stays = [segment for segment in newest.ledger.segments if segment not in mixed]
    retired = [*single, *(segment.key for segment in mixed)]
    done = commit(layout.objects, newest, succeed(layout.objects, newest, [*stays, *made], retired))
    if done is None:
        remove(layout.objects, [segment.key for segment in made])
    return done


_NAMING_EVENTS = frozenset(
    kind.event_name() for kind in (PlanScheduleEnvelope, PlanValidationEnvelope, PlanDriftEnvelope)
)


def _unnamed_artifacts(layout: Layout, kept: Iterable[RunManifestV2], now: float) -> list[StoredObject]:
    named = {identity for manifest in kept for identity in named_artifacts(layout, manifest)}
    for run_id in running_runs(layout):
        named |= _named_so_far(layout, run_id)
    return [
        each
        for each in layout.objects.listing(ARTIFACTS)
        if each.key.rpartition("/")[2] not in named and each.modified < now - GRACE_SECONDS
    ]


def _named_so_far(layout: Layout, run_id: str) -> set[str]:
    """Give the artifacts that the events of a run name which has no manifest yet."""
    named: set[str] = set()
    for row in read_events(layout, runs={run_id}, skip_damaged=True):
        if row.event_name in _NAMING_EVENTS:
            event = decode_event(row.event_payload_msgpack, event_name=row.event_name)
            if isinstance(event, PlanScheduleEnvelope | PlanValidationEnvelope | PlanDriftEnvelope):
                named.add(event.artifact_id)
    return named
