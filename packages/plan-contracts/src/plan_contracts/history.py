"""What tasks did cost in past runs."""

from plan_contracts.base import Contract
from plan_contracts.scalars import ByteCount, Name, Rows, RunId, Seconds, Sha256, UnixMs


class TaskHistoryEntry(Contract, frozen=True, kw_only=True):
    """One successful execution of a task."""

    task: Name
    """The task's name at that time."""
    definition: Sha256
    """What it computed; a task keeps its history across renames and loses it when its logic changes."""
    seconds: Seconds
    """Wall time in the worker."""
    cpu_seconds: Seconds | None = None
    """CPU time, where the worker could attribute it."""
    rows_in: Rows | None = None
    """Rows read."""
    expected_rows_in: Rows | None = None
    """Rows that statistics said its views would read, each by itself; what estimates of later runs compare with."""
    bytes_read: ByteCount | None = None
    """Bytes read."""
    rows_out: Rows | None = None
    """Rows of the result."""


class TaskHistory(Contract, frozen=True, kw_only=True):
    """What the tasks of one run did cost."""

    run_id: RunId
    """The run."""
    ended_at_unix_ms: UnixMs
    """When it ended."""
    machine: str
    """Label of the machine it ran on; figures of different machines do not mix."""
    entries: tuple[TaskHistoryEntry, ...]
    """Sorted by task."""
