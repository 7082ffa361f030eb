"""Compile SQL views over files into a graph with evidence, and run one task of it, with Apache DataFusion."""

from plan_engine.compiler import compile_project
from plan_engine.errors import (
    DatasetFormatUnknown,
    DatasetMissing,
    DatasetSchemasDiffer,
    DatasetUnreadable,
    EngineError,
    InputUnavailable,
    QueryFailed,
    SqlSyntax,
    StatementForbidden,
    ViewFolderMissing,
    ViewNamesCollide,
    ViewSettingsUnused,
    ViewUnreadable,
    WorkNotSupported,
)
from plan_engine.requests import build_requests
from plan_engine.runtime import EngineRuntime

__all__ = [
    # compile
    "compile_project",
    # run
    "EngineRuntime",
    "build_requests",
    # errors
    "DatasetFormatUnknown",
    "DatasetMissing",
    "DatasetSchemasDiffer",
    "DatasetUnreadable",
    "EngineError",
    "InputUnavailable",
    "QueryFailed",
    "SqlSyntax",
    "StatementForbidden",
    "ViewFolderMissing",
    "ViewNamesCollide",
    "ViewSettingsUnused",
    "ViewUnreadable",
    "WorkNotSupported",
]
