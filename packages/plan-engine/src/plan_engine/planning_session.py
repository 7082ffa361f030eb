"""One DataFusion session in which every view is planned, each against empty tables with its inputs' columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from datafusion.catalog import Table

from plan_engine.arrow_schema import with_columns
from plan_engine.datafusion_messages import PlanningMessage, Refusal, read_planning_message
from plan_engine.table_catalog import TABLE_FUNCTIONS, TableCatalog, quoted, session_over
from plan_engine.task_session import ONE_QUERY

_NOT_QUERIES = {
    "Explain": "EXPLAIN",
    "Analyze": "EXPLAIN ANALYZE",
    "DescribeTable": "DESCRIBE",
}

Stubs = Mapping[str, Mapping[str, pa.DataType]]
"""Columns to add to tables, with their types."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A statement that was planned."""

    asked: tuple[str, ...]
    """Tables it asked for, by the names they are known under, each once, in order."""
    schema: pa.Schema
    unoptimized: str
    optimized: str


@dataclass(frozen=True, kw_only=True)
class NotPlanned:
    """A statement that was not planned."""

    asked: tuple[str, ...]
    """Tables it asked for; a name that no table has stands as it was asked for."""
    message: PlanningMessage


class PlanningSession:
    """Plans statements. Nothing is ever executed, and there are no rows to execute anything on."""

    def __init__(self) -> None:
        self._catalog = TableCatalog()
        self._context = session_over(self._catalog)
        self._schemas: dict[str, pa.Schema] = {}

    def add_table(self, name: str, schema: pa.Schema) -> None:
        """Add an empty table."""
        self._schemas[name] = schema
        self._register(name, schema)

    def schema(self, name: str) -> pa.Schema:
        """Give the columns of a table."""
        return self._schemas[name]

    def plan(self, sql: str, stubs: Stubs | None = None) -> Plan | NotPlanned:
        """Plan a statement.

        Parameters
        ----------
        sql
            The text.
        stubs
            Columns to add to tables for this statement only.
        """
        replaced = self._add_stubs(stubs or {})
        try:
            return self._plan(sql)
        finally:
            for name, table in replaced.items():
                self._catalog.register_table(name, table)

    def _add_stubs(self, stubs: Stubs) -> dict[str, Table]:
        replaced: dict[str, Table] = {}
        for name, columns in stubs.items():
            table = self._catalog.table(name)
            if columns and table is not None:
                replaced[name] = table
                self._register(name, with_columns(self._schemas[name], columns))
        return replaced

    def _register(self, name: str, schema: pa.Schema) -> None:
        self._context.register_record_batches(quoted(name), [[pa.RecordBatch.from_pylist([], schema=schema)]])

    def _plan(self, sql: str) -> Plan | NotPlanned:
        self._catalog.asked.clear()
        try:
            frame = self._context.sql_with_options(sql, ONE_QUERY)
            unoptimized = frame.logical_plan()
            root = type(unoptimized.to_variant()).__name__
            optimized = frame.optimized_logical_plan()
            text, optimized_text = unoptimized.display_indent(), optimized.display_indent()
        except Exception as error:  # noqa: BLE001 - DataFusion raises plain exceptions
            return NotPlanned(asked=self._asked(), message=read_planning_message(error))
        forbidden = _NOT_QUERIES.get(root)
        if forbidden is not None:
            message = PlanningMessage(refusal=Refusal.FORBIDDEN, text=forbidden, subject=forbidden)
            return NotPlanned(asked=self._asked(), message=message)
        return Plan(asked=self._asked(), schema=frame.schema(), unoptimized=text, optimized=optimized_text)

    def _asked(self) -> tuple[str, ...]:
        names = (self._catalog.known_name(name) or name for name in self._catalog.asked)
        return tuple(dict.fromkeys(name for name in names if name not in TABLE_FUNCTIONS))
