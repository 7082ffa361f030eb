"""Compile SQL views over files into a graph with evidence, and run one task of it, with Apache DataFusion."""

from importlib import import_module
from typing import TYPE_CHECKING

from plan_engine.compilation import compile_project
from plan_engine.compile_cache import CompileCache
from plan_engine.errors import (
    DatasetChanged,
    DatasetFormatUnknown,
    DatasetMissing,
    DatasetSchemasDiffer,
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
from plan_engine.view_declaration import view

if TYPE_CHECKING:
    from plan_engine.runtime import EngineRuntime

__all__ = [
    # compile
    "CompileCache",
    "compile_project",
    # declare Python views
    "view",
    # run
    "EngineRuntime",
    "build_requests",
    # errors
    "DatasetChanged",
    "DatasetFormatUnknown",
    "DatasetMissing",
    "DatasetSchemasDiffer",
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


def __getattr__(name: str) -> object:
    """Import what needs DataFusion when it is first asked for: a project in which nothing changed does without."""
    if name == "EngineRuntime":
        return import_module("plan_engine.runtime").EngineRuntime
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
