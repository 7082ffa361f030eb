"""Errors of plan-store."""

from plan_contracts.error_catalogue.entry import ErrorCode, entry
from plan_contracts.errors_payload import SubjectKind

STORE_CODES: tuple[ErrorCode, ...] = (
    entry(
        "artifact_missing",
        "plan_store",
        "store",
        2,
        "No artifact has that id.",
        subject=SubjectKind.ARTIFACT,
    ),
    entry(
        "outputs_unwritable",
        "plan_store",
        "store",
        2,
        "The outputs folder cannot be written: look at `[project] outputs`.",
        subject=SubjectKind.FOLDER,
    ),
    entry(
        "project_lock_lost",
        "plan_store",
        "store",
        1,
        "Another build took the project over while this one gave no sign of life; nothing was published after that.",
        subject=SubjectKind.PROJECT,
    ),
    entry(
        "project_locked",
        "plan_store",
        "store",
        2,
        "Another build of the same project is running: wait for it, or stop it.",
        subject=SubjectKind.PROJECT,
    ),
    entry(
        "publish_failed",
        "plan_store",
        "store",
        1,
        "An output could not be replaced; the old one is still in place.",
        subject=SubjectKind.VIEW,
    ),
    entry(
        "query_refused",
        "plan_store",
        "store",
        2,
        "A query over the store is not one SELECT, or does not fit its tables.",
    ),
    entry(
        "run_unknown",
        "plan_store",
        "store",
        2,
        "No run, or more than one, has an id that begins like that: `plan-cli runs` lists them.",
        subject=SubjectKind.RUN,
    ),
    entry(
        "staged_file_differs",
        "plan_store",
        "store",
        1,
        "A staged file is not what the worker said of it; the old output is still in place.",
        subject=SubjectKind.VIEW,
    ),
    entry(
        "store_damaged",
        "plan_store",
        "store",
        4,
        "A file of the store is not what it was when it was written; the message names it.",
        subject=SubjectKind.FILE,
        related="every damaged file, where there are several",
    ),
    entry(
        "store_unreachable",
        "plan_store",
        "store",
        2,
        "The service that holds the store or the outputs does not answer as it should: look at the network, and at it.",
        subject=SubjectKind.FILE,
    ),
    entry(
        "store_unwritable",
        "plan_store",
        "store",
        2,
        "The store's folder cannot be written: look at `[project] store` and at the disk.",
        subject=SubjectKind.FOLDER,
    ),
)
"""Sorted by code."""
