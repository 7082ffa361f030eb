"""Every error code that users and programs may meet, of all packages of the product."""

from plan_contracts.base import Contract
from plan_contracts.scalars import Count


class ErrorCode(Contract, frozen=True, kw_only=True):
    """One kind of error."""

    code: str
    """Stable code; never reused for something else."""
    package: str
    """Package that raises it."""
    stage: str
    """Part of the product that notices it."""
    exit_code: Count
    """Exit code of the command line when it ends a command."""
    summary: str
    """What happened, and what to do."""


def _code(code: str, package: str, stage: str, exit_code: int, summary: str) -> ErrorCode:
    return ErrorCode(code=code, package=package, stage=stage, exit_code=exit_code, summary=summary)


ERROR_CODES: tuple[ErrorCode, ...] = (
    _code(
        "cost_file_unreadable",
        "plan_cli",
        "cli",
        2,
        "`--costs` names a file that cannot be read: name an existing cost table in JSON.",
    ),
    _code(
        "contract_frozen",
        "plan_contracts",
        "contracts",
        2,
        "A released version of a contract would change: give the change a new version instead.",
    ),
    _code(
        "contract_unknown",
        "plan_contracts",
        "contracts",
        2,
        "No contract of that name is published: look at the names in `contracts/INDEX.json`.",
    ),
    _code(
        "document_refused",
        "plan_contracts",
        "contracts",
        2,
        "Bytes are not a valid document of the contract: read `message` for the path of the first fault.",
    ),
    _code(
        "name_refused",
        "plan_contracts",
        "contracts",
        2,
        "A dataset, view, task or profile has a name outside the grammar, or two names differ only in case.",
    ),
    _code(
        "not_canonical",
        "plan_contracts",
        "contracts",
        2,
        "A document holds a number that has no canonical form (NaN or an infinity).",
    ),
    _code("plan_errors", "plan_contracts", "plan", 2, "Several independent errors; each must be mended."),
    _code("profile_unknown", "plan_contracts", "project", 2, "plan.toml defines no profile of that name."),
    _code(
        "project_file_invalid",
        "plan_contracts",
        "project",
        2,
        "plan.toml is TOML, with a key or value that is not known there.",
    ),
    _code(
        "project_file_malformed", "plan_contracts", "project", 2, "plan.toml is not TOML: look at the line and column."
    ),
    _code(
        "project_file_missing",
        "plan_contracts",
        "project",
        2,
        "The folder holds no plan.toml: name the folder that does, or write one.",
    ),
    _code(
        "type_not_canonical",
        "plan_contracts",
        "contracts",
        2,
        "A column type is not in the canonical grammar, or has no counterpart there.",
    ),
    _code(
        "dataset_format_unknown",
        "plan_engine",
        "engine",
        2,
        "The ending of a dataset's files does not tell their format: set `format` in plan.toml.",
    ),
    _code(
        "dataset_missing",
        "plan_engine",
        "engine",
        2,
        "A dataset's path matches no file: look at `path` in plan.toml, which is relative to that file.",
    ),
    _code(
        "dataset_schemas_differ",
        "plan_engine",
        "engine",
        2,
        "Two files of one dataset have different columns or types: make two datasets of them, or rewrite one.",
    ),
    _code(
        "dataset_unreadable",
        "plan_engine",
        "engine",
        2,
        "A file of a dataset cannot be read, or is not in the dataset's format.",
    ),
    _code("input_unavailable", "plan_engine", "engine", 1, "A task's input is not where the request says it is."),
    _code(
        "query_failed", "plan_engine", "engine", 1, "A view's query failed while it ran; nothing of it was published."
    ),
    _code("sql_syntax", "plan_engine", "engine", 2, "A view is not SQL: look at the line and column."),
    _code(
        "statement_forbidden",
        "plan_engine",
        "engine",
        2,
        "A view is not exactly one query: DDL, DML, COPY, SET, EXPLAIN and several statements are refused.",
    ),
    _code(
        "view_folder_missing",
        "plan_engine",
        "engine",
        2,
        "The folder of the views does not exist: look at `[project] views` in plan.toml.",
    ),
    _code(
        "view_names_collide",
        "plan_engine",
        "engine",
        2,
        "Two views, or a view and a dataset, have names that are equal or differ only in case: rename one.",
    ),
    _code(
        "view_settings_unused",
        "plan_engine",
        "engine",
        2,
        "plan.toml has a `[views.NAME]` section, and there is no view of that name.",
    ),
    _code("view_unreadable", "plan_engine", "engine", 2, "A view's file cannot be read as UTF-8 text."),
    _code(
        "work_not_supported",
        "plan_engine",
        "engine",
        2,
        "A task asks for work that this version of the engine cannot do.",
    ),
    _code(
        "answer_unreadable",
        "plan_exec",
        "execution",
        1,
        "A runtime answered with something that is no result of the task it was asked to run.",
    ),
    _code(
        "executor_not_available",
        "plan_exec",
        "execution",
        2,
        "The mode or executor cannot be used here; the message names those that can.",
    ),
    _code(
        "request_missing",
        "plan_exec",
        "execution",
        2,
        "A scheduled task has no request: build the requests from the same task graph as the schedule.",
    ),
    _code(
        "runtime_not_importable",
        "plan_exec",
        "execution",
        2,
        "The runtime named `module:attribute` cannot be imported where tasks are to run.",
    ),
    _code(
        "runtime_raised",
        "plan_exec",
        "execution",
        1,
        "A runtime raised an exception, although a failing task is to be a result.",
    ),
    _code(
        "worker_died",
        "plan_exec",
        "execution",
        1,
        "A worker process ended in the middle of a task: by a signal, for want of memory, or by the task itself.",
    ),
    _code(
        "worker_start_failed",
        "plan_exec",
        "execution",
        2,
        "A worker process did not start, or does not speak the dispatcher's protocol.",
    ),
    _code(
        "cost_missing",
        "plan_scheduler",
        "scheduler",
        2,
        "A task has no cost: give one, also when it is a guess; 0 is allowed.",
    ),
    _code(
        "cost_refused",
        "plan_scheduler",
        "scheduler",
        2,
        "A cost is negative, not a number or infinite, or all together are too long to be counted exactly.",
    ),
    _code("duplicate_task", "plan_scheduler", "scheduler", 2, "Two tasks bear the same name: rename one of them."),
    _code(
        "edges_refused",
        "plan_scheduler",
        "scheduler",
        2,
        "Arrays of costs or edges have the wrong shape, type or range.",
    ),
    _code(
        "input_not_admitted",
        "plan_scheduler",
        "scheduler",
        3,
        "A view is admitted and an input of it is not: admit the input too, or hold both.",
    ),
    _code(
        "plan_cycle",
        "plan_scheduler",
        "scheduler",
        3,
        "Tasks wait for each other. Remove one of the edges that the message lists in order.",
    ),
    _code(
        "selection_refused",
        "plan_scheduler",
        "scheduler",
        2,
        "A selection expression is malformed or names nothing that exists; the message points at the place.",
    ),
    _code(
        "unknown_task",
        "plan_scheduler",
        "scheduler",
        2,
        "An edge, a cost or a question names a task that is not among the tasks: correct the name or add the task.",
    ),
    _code(
        "view_not_planned",
        "plan_scheduler",
        "scheduler",
        3,
        "A view is to be lowered that has no definition, because it did not plan: mend it, or leave it out.",
    ),
    _code("workers_refused", "plan_scheduler", "scheduler", 2, "A forecast was asked for fewer than one worker."),
    _code("artifact_missing", "plan_store", "store", 2, "No artifact has that id."),
    _code(
        "outputs_unwritable",
        "plan_store",
        "store",
        2,
        "The outputs folder cannot be written: look at `[project] outputs`.",
    ),
    _code(
        "project_locked",
        "plan_store",
        "store",
        2,
        "Another build of the same project is running: wait for it, or stop it.",
    ),
    _code(
        "publish_failed", "plan_store", "store", 1, "An output could not be replaced; the old one is still in place."
    ),
    _code(
        "query_refused",
        "plan_store",
        "store",
        2,
        "A query over the store is not one SELECT, or does not fit its tables.",
    ),
    _code(
        "run_unknown",
        "plan_store",
        "store",
        2,
        "No run, or more than one, has an id that begins like that: `plan-cli runs` lists them.",
    ),
    _code(
        "staged_file_differs",
        "plan_store",
        "store",
        1,
        "A staged file is not what the worker said of it; the old output is still in place.",
    ),
    _code(
        "store_damaged",
        "plan_store",
        "store",
        4,
        "A file of the store is not what it was when it was written; the message names it.",
    ),
    _code(
        "store_unwritable",
        "plan_store",
        "store",
        2,
        "The store's folder cannot be written: look at `[project] store` and at the disk.",
    ),
    _code(
        "graph_refused",
        "plan_validate",
        "validate",
        2,
        "The graph contradicts itself: two nodes of one name, an edge between unknown nodes or into a dataset.",
    ),
)
"""Sorted by package, then code."""
