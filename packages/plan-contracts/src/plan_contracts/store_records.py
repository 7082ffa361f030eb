"""What a store writes for itself, and a later version of it reads."""

from plan_contracts.base import Contract
from plan_contracts.manifest import RunManifestV2
from plan_contracts.scalars import ByteCount, Integer, Name, Positive, Rows, RunId, Sha256, UnixMs


class RunMarker(Contract, frozen=True, kw_only=True):
    """The driver of a run, and the manifest that the run gets if the driver dies."""

    pid: Positive
    """Process."""
    host: str
    """Host of the process."""
    boot: str
    """Identity of the host's uptime; empty where the system does not tell."""
    draft: RunManifestV2
    """The manifest as far as it was known at the start."""


class FileStamp(Contract, frozen=True, kw_only=True):
    """What a file system says of a file, and the digest that its bytes had then."""

    bytes: ByteCount
    """Size."""
    mtime_ns: Integer
    """Time of its last change, in nanoseconds since 1970."""
    inode: Integer
    """Number of the file; another one stands for another file under the same name."""
    sha256: Sha256
    """Digest."""


class FileStamps(Contract, frozen=True, kw_only=True):
    """Stamps of files by path. It is a cache: losing it costs time only."""

    files: dict[str, FileStamp] = {}
    """By absolute path."""


class CompactedSegment(Contract, frozen=True, kw_only=True):
    """A segment with the events of several runs."""

    key: str
    """Where it lies in the store."""
    rows: Rows
    """Its events."""
    bytes: ByteCount
    """Its size."""
    runs: tuple[RunId, ...]
    """The runs whose events it holds, sorted."""


class SegmentLedger(Contract, frozen=True, kw_only=True):
    """Which compacted segments count."""

    token: str
    """Random, so that a process knows its own entry."""
    segments: tuple[CompactedSegment, ...] = ()
    """The segments to read beside those of single runs, sorted by key."""
    retired: tuple[str, ...] = ()
    """Keys of segments that no longer count and are removed, sorted."""


class LedgerEntry(Contract, frozen=True, kw_only=True):
    """A ledger as it is stored, with its digest."""

    ledger: bytes
    """Canonical MessagePack of a `SegmentLedger`."""
    sha256: Sha256
    """Digest of `ledger`."""


class ProjectLease(Contract, frozen=True, kw_only=True):
    """Who builds a project."""

    token: str
    """Random, so that a process knows its own lease."""
    project: Name
    """The project."""
    pid: Positive
    """Process."""
    host: str
    """Host of the process."""
    boot: str
    """Identity of the host's uptime; empty where the system does not tell."""
    since_unix_ms: UnixMs
    """When the build began."""
