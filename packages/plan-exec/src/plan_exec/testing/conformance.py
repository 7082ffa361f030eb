"""The suite that every executor must pass: subclass it, say how yours is made, and let pytest collect it."""

from plan_exec.testing.executor_promises import ExecutorPromises
from plan_exec.testing.scan_promises import ScanPromises


class ExecutorConformance(ExecutorPromises, ScanPromises):
    """What holds for an executor, whatever runs its tasks."""
