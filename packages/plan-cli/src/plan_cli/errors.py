"""Errors of the command line itself."""

from plan_contracts import PlanError


class CostFileUnreadable(PlanError, OSError):
    """`--costs` names a file that cannot be read: name an existing cost table in JSON."""

    code = "cost_file_unreadable"
    stage = "cli"
