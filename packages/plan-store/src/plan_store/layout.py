"""Where everything lies in a store's folder."""

from datetime import UTC, datetime
from pathlib import Path


class Layout:
    """Paths below the root of a store.

    `events/DAY/TIME-RUN-NUMBER-SHA256.parquet`
        Event segments; day and time are those of the first event, in UTC and milliseconds.
    `artifacts/ID`
        Identity forms of documents.
    `runs/RUN/manifest.msgpack`, `runs/RUN/running.msgpack`
        A run's manifest; and, from its start on, who drives it.
    `history/RUN-SHA256.msgpack`
        What the run's tasks did cost.
    `cache/KEY/VIEW.parquet`, `cache/KEY/VIEW.msgpack`
        A temporary result, by its build key, and what is known of it.
    `scratch/RUN/`
        Staged results; gone when the run has ended.
    `tmp/`
        Files on their way to their place.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events = root / "events"
        self.artifacts = root / "artifacts"
        self.runs = root / "runs"
        self.history = root / "history"
        self.cache = root / "cache"
        self.scratch = root / "scratch"
        self.tmp = root / "tmp"
        self.verified = root / "verified.msgpack"

    def segment(self, first_unix_ms: int, run_id: str, number: int, sha256: str) -> Path:
        """Give the place of an event segment."""
        day = datetime.fromtimestamp(first_unix_ms / 1000, tz=UTC).strftime("%Y-%m-%d")
        return self.events / day / f"{first_unix_ms:015}-{run_id}-{number:06}-{sha256}.parquet"

    def artifact(self, artifact_id: str) -> Path:
        """Give the place of an artifact."""
        return self.artifacts / artifact_id

    def manifest(self, run_id: str) -> Path:
        """Give the place of a run's manifest."""
        return self.runs / run_id / "manifest.msgpack"

    def marker(self, run_id: str) -> Path:
        """Give the place of the record of who drives a run."""
        return self.runs / run_id / "running.msgpack"

    def history_of(self, run_id: str, sha256: str) -> Path:
        """Give the place of a run's task history."""
        return self.history / f"{run_id}-{sha256}.msgpack"

    def scratch_of(self, run_id: str) -> Path:
        """Give the folder for a run's staged results."""
        return self.scratch / run_id

    def lock(self, project: str) -> Path:
        """Give the file that a build of the project locks."""
        return self.root / "locks" / f"{project}.lock"
