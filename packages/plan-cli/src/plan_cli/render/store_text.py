"""What the commands that look after a store print."""

from collections.abc import Iterator

from plan_cli.render.figures import count, size
from plan_contracts import StoreCompaction, StoreInfo, StorePruning


def info_lines(info: StoreInfo) -> Iterator[str]:
    """Describe a store."""
    yield f"store       {info.place}"
    between = f", from {info.oldest_run} to {info.newest_run}" if info.runs else ""
    yield f"runs        {count(info.runs, 'run')}{between}"
    for run_id in info.running:
        yield f"  running   {run_id}"
    segments = f"{count(info.segments, 'segment')} of single runs, {info.compacted_segments:,} compacted"
    yield f"events      {segments}, {size(info.segment_bytes)}"
    yield f"artifacts   {count(info.artifacts, 'document')}, {size(info.artifact_bytes)}"
    yield f"orphans     {count(info.orphan_artifacts, 'document')}, {count(info.orphan_segments, 'segment')}"
    yield f"cache       {count(info.cached_results, 'temporary result')}, {size(info.cache_bytes)}"


def compaction_lines(done: StoreCompaction) -> Iterator[str]:
    """Say what was put together, and what was left alone."""
    if done.replaced_segments:
        before = f"{count(done.replaced_segments, 'segment')} ({size(done.bytes_before)})"
        yield f"{before} replaced by {done.new_segments:,} ({size(done.bytes_after)}), {count(done.rows, 'event')}"
    else:
        yield "nothing to put together"
    for place in done.damaged:
        yield f"damaged, left alone: {place}"


def pruning_lines(done: StorePruning, *, dry_run: bool) -> Iterator[str]:
    """Say what went, or would go."""
    what = [
        count(len(done.runs), "run"),
        count(done.artifacts, "document"),
        count(done.outputs, "output"),
        count(done.cached_results, "temporary result"),
    ]
    yield f"{'would remove' if dry_run else 'removed'} {', '.join(what)}: {size(done.bytes)}"
    for run_id in done.runs:
        yield f"  {run_id}"
