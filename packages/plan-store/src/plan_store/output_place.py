"""Where outputs are published: what the committer asks of a folder or a bucket."""

from pathlib import Path
from typing import Protocol

from plan_contracts import DatasetRef, OutputRecord, StagedOutput


class OutputPlace(Protocol):
    """Holds outputs under names that manifests list. Methods raise `OSError` when the place refuses."""

    def shown(self, uri: str) -> str:
        """Give the path or URL of an output, for messages."""
        ...

    def prepare(self, stage: Path) -> Path:
        """Get ready to publish what is staged in a folder; give the folder to stage in, perhaps another one."""
        ...

    def uri(self, view: str, build_key: str, sha256: str) -> str:
        """Give the name under which an output is listed."""
        ...

    def publish(self, staged: StagedOutput, record: OutputRecord) -> DatasetRef:
        """Put a staged file under the record's name, whole or not at all; give where readers of this run find it."""
        ...

    def is_intact(self, record: OutputRecord) -> bool:
        """Say whether the output is there with the bytes that were published."""
        ...

    def readable(self, record: OutputRecord) -> DatasetRef | None:
        """Give where readers of this run find an intact output; none when it cannot be had any more."""
        ...

    def sync(self) -> None:
        """Make everything that was published survive a loss of power."""
        ...
