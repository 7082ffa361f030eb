"""What can be wrong with datasets and views before a plan exists, and with a query when it runs."""

from plan_contracts import PlanError, SubjectKind


class EngineError(PlanError):
    """The root of the engine's errors."""

    code = "engine_error"
    stage = "engine"


class DatasetMissing(EngineError, FileNotFoundError):
    """A dataset's path matches no file: look at `path` in plan.toml, which is relative to that file."""

    code = "dataset_missing"
    subject_kind = SubjectKind.DATASET


class DatasetUnreadable(EngineError, OSError):
    """A file of a dataset cannot be read, or is not in the dataset's format."""

    code = "dataset_unreadable"
    subject_kind = SubjectKind.DATASET


class DatasetFormatUnknown(EngineError, ValueError):
    """The ending of a dataset's files does not tell their format: set `format` in plan.toml."""

    code = "dataset_format_unknown"
    subject_kind = SubjectKind.DATASET


class DatasetSchemasDiffer(EngineError, ValueError):
    """Two files of one dataset have different columns or types: make two datasets of them, or rewrite one."""

    code = "dataset_schemas_differ"
    subject_kind = SubjectKind.DATASET
    related_names = "two of the files that differ"


class DatasetAccessRefused(EngineError, PermissionError):
    """An object store refuses the credentials, or there are none: look at the environment and `storage_options`."""

    code = "dataset_access_refused"
    subject_kind = SubjectKind.DATASET


class DatasetStoreUnavailable(EngineError, ConnectionError):
    """An object store does not answer: look at its endpoint and the network, and try again."""

    code = "dataset_store_unavailable"
    subject_kind = SubjectKind.DATASET
    transient = True


class DatasetChanged(EngineError, RuntimeError):
    """A file of a dataset was replaced or changed after the project was compiled: build again."""

    code = "dataset_changed"
    subject_kind = SubjectKind.DATASET
    exit_code = 1


class ViewFolderMissing(EngineError, FileNotFoundError):
    """The folder of the views does not exist: look at `[project] views` in plan.toml."""

    code = "view_folder_missing"
    subject_kind = SubjectKind.FOLDER


class ViewUnreadable(EngineError, ValueError):
    """A view's file cannot be read as UTF-8 text."""

    code = "view_unreadable"
    subject_kind = SubjectKind.VIEW


class ViewNamesCollide(EngineError, ValueError):
    """Two views, or a view and a dataset, have names that are equal or differ only in case: rename one."""

    code = "view_names_collide"
    subject_kind = SubjectKind.VIEW
    related_names = "the files or names that collide"


class ViewSettingsUnused(EngineError, ValueError):
    """plan.toml has a `[views.NAME]` section, and there is no view of that name."""

    code = "view_settings_unused"
    subject_kind = SubjectKind.VIEW


class SqlSyntax(EngineError, SyntaxError):
    """A view is not SQL: look at the line and column."""

    code = "sql_syntax"
    subject_kind = SubjectKind.VIEW

    def __str__(self) -> str:
        """Give location, message and suggestion."""
        return PlanError.__str__(self)


class StatementForbidden(EngineError, ValueError):
    """A view is not exactly one query: DDL, DML, COPY, SET, EXPLAIN and several statements are refused."""

    code = "statement_forbidden"
    subject_kind = SubjectKind.VIEW


class VariableMissing(EngineError, LookupError):
    """A view reads a variable that plan.toml does not have, or that has no value: set it, or give `--var`."""

    code = "variable_missing"
    subject_kind = SubjectKind.VARIABLE
    related_names = "the view that reads it"


class PythonViewRefused(EngineError, ValueError):
    """A public function of a Python file in the folder of views is no view, or the file is not valid Python."""

    code = "python_view_refused"
    subject_kind = SubjectKind.VIEW


class WorkNotSupported(EngineError, NotImplementedError):
    """A task asks for work that this version of the engine cannot do."""

    code = "work_not_supported"
    subject_kind = SubjectKind.TASK


class QueryFailed(EngineError, RuntimeError):
    """A view's query failed while it ran; nothing of it was published."""

    code = "query_failed"
    subject_kind = SubjectKind.VIEW
    exit_code = 1


class CheckFailed(EngineError, ValueError):
    """The data of a dataset or view breaks its contract; its readers did not run, and nothing was replaced."""

    code = "check_failed"
    subject_kind = SubjectKind.NODE
    related_names = "the checks that found offending rows"
    exit_code = 1


class MemoryExhausted(QueryFailed):
    """A view's query needs more memory than it may use: give it more, or run fewer tasks beside it."""

    code = "memory_exhausted"


class StagingFailed(EngineError, OSError):
    """A view's result cannot be written to the staging folder: look at the disk that holds it."""

    code = "staging_failed"
    subject_kind = SubjectKind.VIEW
    exit_code = 1
    transient = True

    def __str__(self) -> str:
        """Give message and suggestion."""
        return EngineError.__str__(self)


class PythonViewFailed(EngineError, RuntimeError):
    """A Python view raised an exception; nothing of it was published. `traceback` holds the user's own calls."""

    code = "python_view_failed"
    subject_kind = SubjectKind.VIEW
    exit_code = 1


class PythonResultRefused(EngineError, TypeError):
    """A Python view gave something else than its annotation and its declared output say; nothing was published."""

    code = "python_result_refused"
    subject_kind = SubjectKind.VIEW
    exit_code = 1


class ViewChanged(EngineError, RuntimeError):
    """A Python view's file is not the one any more that was planned: build again."""

    code = "view_changed"
    subject_kind = SubjectKind.VIEW
    exit_code = 1


class EngineFailed(EngineError, RuntimeError):
    """A library below the engine failed in a way that the engine does not know; the message holds its words."""

    code = "engine_failed"
    subject_kind = SubjectKind.TASK
    exit_code = 1


class InputUnavailable(EngineError, LookupError):
    """A task's input is not where the request says it is."""

    code = "input_unavailable"
    subject_kind = SubjectKind.INPUT
    exit_code = 1
