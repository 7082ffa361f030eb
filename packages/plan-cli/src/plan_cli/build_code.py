"""The exit code of a build."""

from plan_cli.exit_codes import DONE, INTERRUPTED, REFUSED, TASK_FAILED
from plan_contracts import Admission, ExecutionReport, TaskStatus


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
