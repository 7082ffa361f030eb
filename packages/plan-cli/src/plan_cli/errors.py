"""Errors of the command line itself."""

from plan_contracts import PlanError, SubjectKind


class CostFileUnreadable(PlanError, OSError):
    """`--costs` names a file that cannot be read: name an existing cost table in JSON."""

    code = "cost_file_unreadable"
    subject_kind = SubjectKind.FILE
    stage = "cli"


class DocumentUnreadable(PlanError, OSError):
    """A file or folder to be checked cannot be read: name one that exists."""

    code = "document_unreadable"
    subject_kind = SubjectKind.FILE
    stage = "cli"


class OptionRefused(PlanError, ValueError):
    """An option's value does not have the form that the option wants."""

    code = "option_refused"
    subject_kind = SubjectKind.SETTING
    stage = "cli"


class AdapterNotImportable(PlanError, ImportError):
    """A lifecycle adapter named `module:attribute` cannot be imported: name it so, and install its package."""

    code = "adapter_not_importable"
    subject_kind = SubjectKind.SETTING
    stage = "cli"


class ViewUnknown(PlanError, LookupError):
    """`show` names a view that the project does not have: look at the names in `plan-cli plan`."""

    code = "view_unknown"
    subject_kind = SubjectKind.VIEW
    stage = "cli"
