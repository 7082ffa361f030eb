"""Golden cases of errors as documents."""

from plan_contracts.errors_payload import ErrorPayload, ErrorReport
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

REPORT = ErrorReport(errors=(MISSPELLED,))

VALID = (
    ValidCase("error_report", "one_error", REPORT),
    ValidCase("error_payload", "misspelled_key", MISSPELLED),
    ValidCase("error_payload", "bare", ErrorPayload(code="plan_error", stage="plan", message="It cannot go on")),
)

INVALID = (
    InvalidCase("error_report", "without_errors", without(REPORT, "errors")),
    InvalidCase("error_payload", "line_zero", altered(MISSPELLED, "location.line", 0)),
    InvalidCase("error_payload", "without_message", without(MISSPELLED, "message")),
)
