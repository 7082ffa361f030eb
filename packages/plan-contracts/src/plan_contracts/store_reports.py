"""What the commands that look after a store tell."""

from plan_contracts.base import Contract
from plan_contracts.scalars import ByteCount, Count, Rows, RunId


class StoreInfo(Contract, frozen=True, kw_only=True):
    """What a store holds."""

    place: str
    """Its folder or URL."""
    runs: Count
    """Runs that have ended."""
    running: tuple[RunId, ...]
    """Runs without a manifest: they go on, or their driver has died; sorted."""
    oldest_run: RunId | None
    """The first run; none in an empty store."""
    newest_run: RunId | None
    """The last run."""
    segments: Count
    """Segments of single runs."""
    compacted_segments: Count
    """Segments of several runs."""
    segment_bytes: ByteCount
    """Size of all segments."""
    artifacts: Count
    """Stored documents."""
    artifact_bytes: ByteCount
    """Their size."""
    orphan_artifacts: Count
    """Those that no run names; `store prune` removes them."""
    orphan_segments: Count
    """Segments that do not count: left by a compaction that was killed, or of runs without any record."""
    cached_results: Count
    """Temporary results."""
    cache_bytes: ByteCount
    """Their size."""


class StoreCompaction(Contract, frozen=True, kw_only=True):
    """What a compaction did."""

    replaced_segments: Count
    """Segments that were replaced and removed."""
    new_segments: Count
    """Segments that hold their events now."""
    rows: Rows
    """Events in them."""
    bytes_before: ByteCount
    """Size of the replaced segments."""
    bytes_after: ByteCount
    """Size of the new ones."""
    damaged: tuple[str, ...] = ()
    """Segments that were left alone because their bytes are not what was written."""


class StorePruning(Contract, frozen=True, kw_only=True):
    """What a pruning removed, or with a dry run would remove."""

    runs: tuple[RunId, ...]
    """Runs whose events, history and manifest are gone, the oldest first."""
    artifacts: Count
    """Documents that no run names any more."""
    outputs: Count
    """Output objects that no kept run lists."""
    cached_results: Count
    """Temporary results."""
    bytes: ByteCount
    """Size of all that."""
