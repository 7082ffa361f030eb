"""What can be wrong with datasets and views before a plan exists, and with a query when it runs."""

from plan_contracts import PlanError


class EngineError(PlanError):
    """The root of the engine's errors."""

    code = "engine_error"
    stage = "engine"


class DatasetMissing(EngineError, FileNotFoundError):
    """A dataset's path matches no file: look at `path` in plan.toml, which is relative to that file."""

    code = "dataset_missing"


class DatasetUnreadable(EngineError, OSError):
    """A file of a dataset cannot be read, or is not in the dataset's format."""

    code = "dataset_unreadable"


class DatasetFormatUnknown(EngineError, ValueError):
    """The ending of a dataset's files does not tell their format: set `format` in plan.toml."""

    code = "dataset_format_unknown"


class DatasetSchemasDiffer(EngineError, ValueError):
    """Two files of one dataset have different columns or types: make two datasets of them, or rewrite one."""

    code = "dataset_schemas_differ"


class ViewFolderMissing(EngineError, FileNotFoundError):
    """The folder of the views does not exist: look at `[project] views` in plan.toml."""

    code = "view_folder_missing"


class ViewUnreadable(EngineError, ValueError):
    """A view's file cannot be read as UTF-8 text."""

    code = "view_unreadable"


class ViewNamesCollide(EngineError, ValueError):
    """Two views, or a view and a dataset, have names that are equal or differ only in case: rename one."""

    code = "view_names_collide"


class ViewSettingsUnused(EngineError, ValueError):
    """plan.toml has a `[views.NAME]` section, and there is no view of that name."""

    code = "view_settings_unused"


class SqlSyntax(EngineError, SyntaxError):
    """A view is not SQL: look at the line and column."""

    code = "sql_syntax"

    def __str__(self) -> str:
        """Give location, message and suggestion."""
        return PlanError.__str__(self)


class StatementForbidden(EngineError, ValueError):
    """A view is not exactly one query: DDL, DML, COPY, SET, EXPLAIN and several statements are refused."""

    code = "statement_forbidden"


class WorkNotSupported(EngineError, NotImplementedError):
    """A task asks for work that this version of the engine cannot do."""

    code = "work_not_supported"


class QueryFailed(EngineError, RuntimeError):
    """A view's query failed while it ran; nothing of it was published."""

    code = "query_failed"
    exit_code = 1


class InputUnavailable(EngineError, LookupError):
    """A task's input is not where the request says it is."""

    code = "input_unavailable"
    exit_code = 1
