"""What can be wrong with a store, and with the outputs that it publishes."""

from plan_contracts import PlanError


class StoreError(PlanError):
    """The root of the store's errors."""

    code = "store_error"
    stage = "store"


class StoreUnwritable(StoreError, OSError):
    """The store's folder cannot be written: look at `[project] store` and at the disk."""

    code = "store_unwritable"


class StoreDamaged(StoreError, ValueError):
    """A file of the store is not what it was when it was written; the message names it."""

    code = "store_damaged"
    exit_code = 4


class ArtifactMissing(StoreError, LookupError):
    """No artifact has that id."""

    code = "artifact_missing"


class RunUnknown(StoreError, LookupError):
    """No run, or more than one, has an id that begins like that: `plan-cli runs` lists them."""

    code = "run_unknown"


class QueryRefused(StoreError, ValueError):
    """A query over the store is not one SELECT, or does not fit its tables."""

    code = "query_refused"


class ProjectLocked(StoreError, RuntimeError):
    """Another build of the same project is running: wait for it, or stop it."""

    code = "project_locked"


class OutputsUnwritable(StoreError, OSError):
    """The outputs folder cannot be written: look at `[project] outputs`."""

    code = "outputs_unwritable"


class StagedFileDiffers(StoreError, ValueError):
    """A staged file is not what the worker said of it; the old output is still in place."""

    code = "staged_file_differs"
    exit_code = 1


class PublishFailed(StoreError, OSError):
    """An output could not be replaced; the old one is still in place."""

    code = "publish_failed"
    exit_code = 1
