"""Errors of the command line itself."""

from plan_contracts import PlanError, SubjectKind


class CostFileUnreadable(PlanError, OSError):
    """`--costs` names a file that cannot be read: name an existing cost table in JSON."""

    code = "cost_file_unreadable"
    subject_kind = SubjectKind.FILE
    stage = "cli"
