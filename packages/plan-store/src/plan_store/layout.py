"""Where everything lies in a store, and in the folder of the machine that works with it."""

from datetime import UTC, datetime
from pathlib import Path

from plan_store.objects import Objects

SEGMENTS = "events"
COMPACTED = "events/compacted"
LEDGER = "ledger"
ARTIFACTS = "artifacts"
RUNS = "runs"
HISTORY = "history"
LOCKS = "locks"
QUARANTINE = "quarantine"

STAGED_ELSEWHERE = "elsewhere"
"""Name of the file in a run's folder for staging that holds the path of the one that is used in its place."""

STAGING_ENDING = ".staging"
"""What follows the name of the outputs folder in the name of the folder beside it."""


class Layout:
    """Keys of a store's objects, and paths in the working folder.

    Objects:

    `events/DAY/TIME-RUN-NUMBER-SHA256.parquet`
        Event segments of one run; day and time are those of the first event, in UTC and milliseconds.
    `events/compacted/TIME-TIME-TOKEN-SHA256.parquet`
        Events of several finished runs; read where the ledger names it.
    `ledger/NUMBER.msgpack`
        Which compacted segments count, and which segments they stand for. The largest number holds.
    `artifacts/ID`
        Identity forms of documents.
    `runs/RUN/manifest.msgpack`, `runs/RUN/running.msgpack`
        A run's manifest; and, from its start on, who drives it.
    `history/RUN-SHA256.msgpack`
        What the run's tasks did cost.
    `locks/PROJECT/…`
        Who builds a project.
    `quarantine/…`
        What was damaged and moved out of the way, under its old key.

    The working folder, which is the same folder where the store is one:

    `cache/KEY/VIEW.parquet`, `cache/KEY/VIEW.msgpack`
        A temporary result, by its build key, and what is known of it.
    `scratch/RUN/`
        Staged results; gone when the run has ended.
    `tmp/`
        Files on their way to their place.
    """

    def __init__(self, objects: Objects, folder: Path) -> None:
        self.objects = objects
        self.folder = folder
        self.cache = folder / "cache"
        self.scratch = folder / "scratch"
        self.tmp = folder / "tmp"
        self.verified = folder / "verified.msgpack"

    @property
    def is_shared_elsewhere(self) -> bool:
        """Whether processes of this machine may use the store from other working folders."""
        return self.objects.shown("").rstrip("/") != str(self.folder)

    @property
    def root(self) -> str:
        """Path or URL of the store, for messages."""
        return self.objects.shown("").rstrip("/")

    def scratch_of(self, run_id: str) -> Path:
        """Give the folder for a run's staged results."""
        return self.scratch / run_id


def segment_key(first_unix_ms: int, run_id: str, number: int, sha256: str) -> str:
    """Give the key of an event segment."""
    day = datetime.fromtimestamp(first_unix_ms / 1000, tz=UTC).strftime("%Y-%m-%d")
    return f"{SEGMENTS}/{day}/{first_unix_ms:015}-{run_id}-{number:06}-{sha256}.parquet"


def compacted_key(first_unix_ms: int, last_unix_ms: int, token: str, sha256: str) -> str:
    """Give the key of a compacted segment; the token tells apart those that two processes make of the same rows."""
    return f"{COMPACTED}/{first_unix_ms:015}-{last_unix_ms:015}-{token}-{sha256}.parquet"


def ledger_key(number: int) -> str:
    """Give the key of an entry of the ledger."""
    return f"{LEDGER}/{number:012}.msgpack"


def artifact_key(artifact_id: str) -> str:
    """Give the key of an artifact."""
    return f"{ARTIFACTS}/{artifact_id}"


def manifest_key(run_id: str) -> str:
    """Give the key of a run's manifest."""
    return f"{RUNS}/{run_id}/manifest.msgpack"


def marker_key(run_id: str) -> str:
    """Give the key of the record of who drives a run."""
    return f"{RUNS}/{run_id}/running.msgpack"


def history_key(run_id: str, sha256: str) -> str:
    """Give the key of a run's task history."""
    return f"{HISTORY}/{run_id}-{sha256}.msgpack"
