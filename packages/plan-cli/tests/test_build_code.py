"""The exit code of a build is the gravest of what happened."""

import pytest

from plan_cli.build_code import of_build
from plan_cli.exit_codes import DONE, INTERRUPTED, REFUSED, TASK_FAILED
from plan_contracts import Admission, AdmissionPolicy, ExecutionReport, HeldTask, TaskOutcome, TaskStatus

ALL = Admission(policy=AdmissionPolicy.STRICT, admitted=("a",), held=(), refused=False)
PART = Admission(
    policy=AdmissionPolicy.PARTIAL, admitted=("a",), held=(HeldTask(task="b", reason="invalid"),), refused=False
)
NONE = Admission(policy=AdmissionPolicy.STRICT, admitted=(), held=(), refused=True)


def report(*statuses: TaskStatus, interrupted: bool = False) -> ExecutionReport:
    """Give a report with one task per status."""
    outcomes = tuple(TaskOutcome(task=f"t{index}", status=status) for index, status in enumerate(statuses))
    return ExecutionReport(outcomes=outcomes, seconds=1.0, interrupted=interrupted)


@pytest.mark.parametrize(
    ("admission", "execution", "code"),
    [
        (ALL, report(TaskStatus.SUCCEEDED, TaskStatus.REUSED), DONE),
        (ALL, report(TaskStatus.FAILED, TaskStatus.SKIPPED), TASK_FAILED),
        (PART, report(TaskStatus.SUCCEEDED), REFUSED),
        (PART, report(TaskStatus.FAILED), TASK_FAILED),
        (NONE, None, REFUSED),
        (ALL, report(TaskStatus.FAILED, interrupted=True), INTERRUPTED),
    ],
)
def test_of_build_gives_the_gravest(admission: Admission, execution: ExecutionReport | None, code: int) -> None:
    assert of_build(admission, execution) == code
