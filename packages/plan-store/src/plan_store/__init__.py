"""Events, artifacts, manifests and outputs of every run: durable, whole or not at all, and queried with SQL."""

from importlib import import_module
from typing import TYPE_CHECKING

from plan_store.clock import SystemClock
from plan_store.errors import (
    ArtifactMissing,
    OutputsUnwritable,
    ProjectLocked,
    ProjectLockLost,
    PublishFailed,
    QueryRefused,
    RunUnknown,
    StagedFileDiffers,
    StoreDamaged,
    StoreError,
    StoreUnreachable,
    StoreUnwritable,
)
from plan_store.object_place import is_url
from plan_store.run_id import new_run_id
from plan_store.saved_queries import SAVED_QUERIES, SavedQuery
from plan_store.store import PlanStore

if TYPE_CHECKING:
    from plan_store.loose_segments import rows_of_segment
    from plan_store.outputs import OutputCommitter
    from plan_store.run_writer import RunWriter
    from plan_store.segments import EVENTS_SCHEMA

__all__ = [
    # store
    "PlanStore",
    "SystemClock",
    "is_url",
    "new_run_id",
    # one run
    "OutputCommitter",
    "RunWriter",
    # stored tables, and questions to them
    "EVENTS_SCHEMA",
    "SAVED_QUERIES",
    "SavedQuery",
    "rows_of_segment",
    # errors
    "ArtifactMissing",
    "OutputsUnwritable",
    "ProjectLocked",
    "ProjectLockLost",
    "PublishFailed",
    "QueryRefused",
    "RunUnknown",
    "StagedFileDiffers",
    "StoreDamaged",
    "StoreError",
    "StoreUnreachable",
    "StoreUnwritable",
]

_LATE = {
    "EVENTS_SCHEMA": "plan_store.segments",
    "OutputCommitter": "plan_store.outputs",
    "RunWriter": "plan_store.run_writer",
    "rows_of_segment": "plan_store.loose_segments",
}


def __getattr__(name: str) -> object:
    """Import what needs Arrow when it is first asked for, so that listing runs stays quick."""
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
