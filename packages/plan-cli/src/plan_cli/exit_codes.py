"""What the exit code of a command says."""

from plan_contracts import Admission, ExecutionReport, TaskStatus

DONE = 0
"""Everything that was asked for was done."""
TASK_FAILED = 1
"""A task or a check failed."""
WRONG_USE = 2
"""Arguments, plan.toml, SQL syntax, a forbidden statement, or a missing or unreadable file."""
REFUSED = 3
"""Validation refused the plan or held a part of it."""
STORE_DAMAGED = 4
"""The store cannot be trusted."""
INTERRUPTED = 130
"""The user stopped it."""


def of_build(admission: Admission, report: ExecutionReport | None) -> int:
    """Give the exit code of a build that came to an end: the gravest of what happened.

    Parameters
    ----------
    admission
        Who was allowed to run.
    report
        How the tasks went; none when nothing was allowed to run.
    """
    if report is not None and report.interrupted:
        return INTERRUPTED
    if report is not None and any(outcome.status is TaskStatus.FAILED for outcome in report.outcomes):
        return TASK_FAILED
    if admission.refused or admission.held:
        return REFUSED
    return DONE
