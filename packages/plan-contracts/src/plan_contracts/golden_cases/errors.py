"""Golden cases of errors as documents."""

from plan_contracts.errors_payload import ErrorPayload, ErrorReport, SubjectKind, TracebackFrame
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.source_location import SourceLocation

MISSPELLED = ErrorPayload(
    code="project_file_invalid",
    stage="project",
    message="`viws` is not known in `[project]`",
    subject="project.viws",
    location=SourceLocation(file="plan.toml", line=4, column=1),
    suggestion="Did you mean `views`?",
)

RAISED = ErrorPayload(
    code="python_view_failed",
    stage="engine",
    message="The Python view `scores` raised ZeroDivisionError: division by zero",
    subject="scores",
    subject_kind=SubjectKind.VIEW,
    location=SourceLocation(file="views/scores.py", line=9),
    traceback=(
        TracebackFrame(file="views/scores.py", line=5, function="scores", text="return _mean(orders)"),
        TracebackFrame(file="views/scores.py", line=9, function="_mean", text="return total / 0"),
    ),
)

REPORT = ErrorReport(errors=(MISSPELLED,))

VALID = (
    ValidCase("error_report", "one_error", REPORT),
    ValidCase("error_payload", "misspelled_key", MISSPELLED),
    ValidCase("error_payload", "raised_by_python_view", RAISED),
    ValidCase("error_payload", "bare", ErrorPayload(code="plan_error", stage="plan", message="It cannot go on")),
)

INVALID = (
    InvalidCase("error_report", "without_errors", without(REPORT, "errors")),
    InvalidCase("error_payload", "line_zero", altered(MISSPELLED, "location.line", 0)),
    InvalidCase("error_payload", "without_message", without(MISSPELLED, "message")),
)
