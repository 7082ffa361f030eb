"""What a store holds, counted without opening a segment."""

from plan_contracts import StoreInfo
from plan_store.cache_collection import cached_results
from plan_store.compaction import orphan_segments
from plan_store.layout import ARTIFACTS, COMPACTED, SEGMENTS, Layout
from plan_store.ledger import newest_entry
from plan_store.manifests import finished_runs, running_runs
from plan_store.pruning import orphan_artifacts


def describe_store(layout: Layout, now: float) -> StoreInfo:
    """Count and measure.

    Raises
    ------
    StoreDamaged
        When a manifest or the ledger is damaged.
    """
    runs = finished_runs(layout)
    ledger = newest_entry(layout.objects).ledger
    segments = list(layout.objects.listing(SEGMENTS))
    artifacts = list(layout.objects.listing(ARTIFACTS))
    cached = cached_results(layout.cache)
    retired = set(ledger.retired)
    single = [each for each in segments if not each.key.startswith(f"{COMPACTED}/") and each.key not in retired]
    return StoreInfo(
        place=layout.root,
        runs=len(runs),
        running=tuple(running_runs(layout)),
        oldest_run=runs[-1] if runs else None,
        newest_run=runs[0] if runs else None,
        segments=len(single),
        compacted_segments=len(ledger.segments),
        segment_bytes=sum(each.bytes for each in (*single, *ledger.segments)),
        artifacts=len(artifacts),
        artifact_bytes=sum(each.bytes for each in artifacts),
        orphan_artifacts=len(orphan_artifacts(layout, now)),
        orphan_segments=len({*orphan_segments(layout.objects, ledger), *(retired & {each.key for each in segments})}),
        cached_results=len(cached),
        cache_bytes=sum(each.bytes for each in cached),
    )
