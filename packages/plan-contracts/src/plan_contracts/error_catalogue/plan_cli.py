"""Errors of plan-cli."""

from plan_contracts.error_catalogue.entry import ErrorCode, entry
from plan_contracts.errors_payload import SubjectKind

CLI_CODES: tuple[ErrorCode, ...] = (
    entry(
        "adapter_not_importable",
        "plan_cli",
        "cli",
        2,
        "A lifecycle adapter named `module:attribute` cannot be imported: name it so, and install its package.",
        subject=SubjectKind.SETTING,
    ),
    entry(
        "cost_file_unreadable",
        "plan_cli",
        "cli",
        2,
        "`--costs` names a file that cannot be read: name an existing cost table in JSON.",
        subject=SubjectKind.FILE,
    ),
    entry(
        "document_unreadable",
        "plan_cli",
        "cli",
        2,
        "A file or folder to be checked cannot be read: name one that exists.",
        subject=SubjectKind.FILE,
    ),
    entry(
        "option_refused",
        "plan_cli",
        "cli",
        2,
        "An option's value does not have the form that the option wants.",
        subject=SubjectKind.SETTING,
    ),
    entry(
        "view_unknown",
        "plan_cli",
        "cli",
        2,
        "`show` names a view that the project does not have: look at the names in `plan-cli plan`.",
        subject=SubjectKind.VIEW,
    ),
)
"""Sorted by code."""
