"""Golden cases of what a store writes for itself."""

from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.golden_cases.events import REFUSED
from plan_contracts.store_records import FileStamp, FileStamps, RunMarker

MARKER = RunMarker(pid=4242, host="build-1", boot="3f0c7a52-8d1e-4b7a-9c55-0a1b2c3d4e5f", draft=REFUSED)
STAMPS = FileStamps(
    files={"/shop/data/orders.csv": FileStamp(bytes=412, mtime_ns=1767323045678000000, inode=77, sha256="6f" * 32)}
)

VALID = (
    ValidCase("run_marker", "running", MARKER),
    ValidCase("file_stamps", "one_file", STAMPS),
)

INVALID = (
    InvalidCase("run_marker", "without_draft", without(MARKER, "draft")),
    InvalidCase(
        "file_stamps", "stamp_without_digest", altered(STAMPS, "files", {"/a": {"bytes": 1, "mtime_ns": 1, "inode": 1}})
    ),
)
