"""Golden cases of what a store writes for itself."""

from plan_contracts.codec import encode_msgpack, payload_hash
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.golden_cases.events import REFUSED
from plan_contracts.store_records import (
    CompactedSegment,
    FileStamp,
    FileStamps,
    LedgerEntry,
    ProjectLease,
    RunMarker,
    SegmentLedger,
)
from plan_contracts.store_reports import StoreCompaction, StoreInfo, StorePruning

MARKER = RunMarker(pid=4242, host="build-1", boot="3f0c7a52-8d1e-4b7a-9c55-0a1b2c3d4e5f", draft=REFUSED)
STAMPS = FileStamps(
    files={"/shop/data/orders.csv": FileStamp(bytes=412, mtime_ns=1767323045678000000, inode=77, sha256="6f" * 32)}
)
LEDGER = SegmentLedger(
    token="0123456789abcdef",
    segments=(
        CompactedSegment(
            key=f"events/compacted/001767323045678-001767323046678-00112233aabbccdd-{'7a' * 32}.parquet",
            rows=1200,
            bytes=48_000,
            runs=("20260102T030405.678Z-0a1b2c3d", "20260102T030415.678Z-0a1b2c3e"),
        ),
    ),
    retired=(f"events/2026-01-02/001767323045678-20260102T030405.678Z-0a1b2c3d-000000-{'7b' * 32}.parquet",),
)
ENTRY = LedgerEntry(ledger=encode_msgpack(LEDGER), sha256=payload_hash(encode_msgpack(LEDGER)))
LEASE = ProjectLease(
    token="0123456789abcdef",
    project="shop",
    pid=4242,
    host="build-1",
    boot="3f0c7a52-8d1e-4b7a-9c55-0a1b2c3d4e5f",
    since_unix_ms=1767323045678,
)
INFO = StoreInfo(
    place="/shop/.plan",
    runs=2,
    running=(),
    oldest_run="20260102T030405.678Z-0a1b2c3d",
    newest_run="20260102T030415.678Z-0a1b2c3e",
    segments=1,
    compacted_segments=1,
    segment_bytes=61_000,
    artifacts=5,
    artifact_bytes=22_000,
    orphan_artifacts=0,
    orphan_segments=0,
    cached_results=1,
    cache_bytes=8_000_000,
)
COMPACTION = StoreCompaction(
    replaced_segments=8, new_segments=1, rows=1200, bytes_before=90_000, bytes_after=48_000, damaged=()
)
PRUNING = StorePruning(
    runs=("20260102T030405.678Z-0a1b2c3d",), artifacts=2, outputs=0, cached_results=1, bytes=8_040_000
)

VALID = (
    ValidCase("run_marker", "running", MARKER),
    ValidCase("file_stamps", "one_file", STAMPS),
    ValidCase("segment_ledger", "one_compacted_segment", LEDGER),
    ValidCase("ledger_entry", "one_compacted_segment", ENTRY),
    ValidCase("project_lease", "held", LEASE),
    ValidCase("store_info", "two_runs", INFO),
    ValidCase("store_compaction", "eight_into_one", COMPACTION),
    ValidCase("store_pruning", "one_run", PRUNING),
)

INVALID = (
    InvalidCase("run_marker", "without_draft", without(MARKER, "draft")),
    InvalidCase("segment_ledger", "without_token", without(LEDGER, "token")),
    InvalidCase("ledger_entry", "without_digest", without(ENTRY, "sha256")),
    InvalidCase("project_lease", "process_zero", altered(LEASE, "pid", 0)),
    InvalidCase("store_info", "without_place", without(INFO, "place")),
    InvalidCase("store_compaction", "negative_rows", altered(COMPACTION, "rows", -1)),
    InvalidCase("store_pruning", "without_runs", without(PRUNING, "runs")),
    InvalidCase(
        "file_stamps", "stamp_without_digest", altered(STAMPS, "files", {"/a": {"bytes": 1, "mtime_ns": 1, "inode": 1}})
    ),
)
