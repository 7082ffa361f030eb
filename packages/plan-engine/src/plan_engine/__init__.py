"""Compile SQL views over files into a graph with evidence, and run one task of it, with Apache DataFusion."""

from importlib import import_module
from typing import TYPE_CHECKING

from plan_engine.compilation import compile_project
from plan_engine.compile_cache import CompileCache
from plan_engine.engine_memory import keep_freed_memory
from plan_engine.engine_threads import reserve_threads
from plan_engine.errors import (
    DatasetAccessRefused,
    DatasetChanged,
    DatasetFormatUnknown,
    DatasetMissing,
    DatasetSchemasDiffer,
    DatasetStoreUnavailable,
    DatasetUnreadable,
    EngineError,
    InputUnavailable,
    PythonResultRefused,
    PythonViewFailed,
    PythonViewRefused,
    QueryFailed,
    SqlSyntax,
    StatementForbidden,
    VariableMissing,
    ViewChanged,
    ViewFolderMissing,
    ViewNamesCollide,
    ViewSettingsUnused,
    ViewUnreadable,
    WorkNotSupported,
)
from plan_engine.requests import build_requests
from plan_engine.secret_values import missing_secrets
from plan_engine.view_declaration import view

if TYPE_CHECKING:
    from plan_engine.lineage import trace_lineage
    from plan_engine.runtime import EngineRuntime

_WITH_DATAFUSION = {"EngineRuntime": "plan_engine.runtime", "trace_lineage": "plan_engine.lineage"}

__all__ = [
    # compile
    "CompileCache",
    "compile_project",
    "missing_secrets",
    "trace_lineage",
    # declare Python views
    "view",
    # run
    "EngineRuntime",
    "build_requests",
    "reserve_threads",
    # errors
    "DatasetAccessRefused",
    "DatasetChanged",
    "DatasetFormatUnknown",
    "DatasetMissing",
    "DatasetSchemasDiffer",
    "DatasetStoreUnavailable",
    "DatasetUnreadable",
    "EngineError",
    "InputUnavailable",
    "PythonResultRefused",
    "PythonViewFailed",
    "PythonViewRefused",
    "QueryFailed",
    "SqlSyntax",
    "StatementForbidden",
    "VariableMissing",
    "ViewChanged",
    "ViewFolderMissing",
    "ViewNamesCollide",
    "ViewSettingsUnused",
    "ViewUnreadable",
    "WorkNotSupported",
]

keep_freed_memory()  # wherever tasks run, this package is imported before DataFusion, whose allocator asks but once


def __getattr__(name: str) -> object:
    """Import what needs DataFusion when it is first asked for: a project in which nothing changed does without."""
    if name in _WITH_DATAFUSION:
        return getattr(import_module(_WITH_DATAFUSION[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
