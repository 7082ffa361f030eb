"""What can be wrong with a store, and with the outputs that it publishes."""

from plan_contracts import PlanError, SubjectKind


class StoreError(PlanError):
    """The root of the store's errors."""

    code = "store_error"
    stage = "store"


class StoreUnwritable(StoreError, OSError):
    """The store's folder cannot be written: look at `[project] store` and at the disk."""

    code = "store_unwritable"
    subject_kind = SubjectKind.FOLDER


class StoreUnreachable(StoreError, OSError):
    """The service that holds the store or the outputs does not answer as it should: look at the network, and at it."""

    code = "store_unreachable"
    subject_kind = SubjectKind.FILE


class StoreDamaged(StoreError, ValueError):
    """A file of the store is not what it was when it was written; the message names it."""

    code = "store_damaged"
    subject_kind = SubjectKind.FILE
    related_names = "every damaged file, where there are several"
    exit_code = 4


class ArtifactMissing(StoreError, LookupError):
    """No artifact has that id."""

    code = "artifact_missing"
    subject_kind = SubjectKind.ARTIFACT


class RunUnknown(StoreError, LookupError):
    """No run, or more than one, has an id that begins like that: `plan-cli runs` lists them."""

    code = "run_unknown"
    subject_kind = SubjectKind.RUN


class QueryRefused(StoreError, ValueError):
    """A query over the store is not one SELECT, or does not fit its tables."""

    code = "query_refused"


class ProjectLocked(StoreError, RuntimeError):
    """Another build of the same project is running: wait for it, or stop it."""

    code = "project_locked"
    subject_kind = SubjectKind.PROJECT


class ProjectLockLost(StoreError, RuntimeError):
    """Another build took the project over while this one gave no sign of life; nothing was published after that."""

    code = "project_lock_lost"
    subject_kind = SubjectKind.PROJECT
    exit_code = 1


class OutputsUnwritable(StoreError, OSError):
    """The outputs folder cannot be written: look at `[project] outputs`."""

    code = "outputs_unwritable"
    subject_kind = SubjectKind.FOLDER


class StagedFileDiffers(StoreError, ValueError):
    """A staged file is not what the worker said of it; the old output is still in place."""

    code = "staged_file_differs"
    subject_kind = SubjectKind.VIEW
    exit_code = 1


class PublishFailed(StoreError, OSError):
    """An output could not be replaced; the old one is still in place."""

    code = "publish_failed"
    subject_kind = SubjectKind.VIEW
    exit_code = 1
