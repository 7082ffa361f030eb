"""One DataFusion session in which every view is planned, each against empty tables with its inputs' columns."""

from collections.abc import Mapping

import msgspec
import pyarrow as pa
from datafusion import DataFrame, SessionConfig
from datafusion.catalog import Table
from datafusion.plan import LogicalPlan

from plan_contracts import Column, Variable
from plan_engine.arrow_schema import columns_of, empty_batch, with_columns
from plan_engine.datafusion_messages import PlanningMessage, Refusal, read_planning_message
from plan_engine.parameters import clock_of, pin_clock, placeholder_of, values_of, with_known_types
from plan_engine.plan_predicates import ScanConditions, scan_conditions
from plan_engine.sql_text import parameters_of
from plan_engine.table_catalog import TABLE_FUNCTIONS, TableCatalog, quoted, session_over
from plan_engine.task_session import ONE_QUERY

_NOT_QUERIES = {
    "Explain": "EXPLAIN",
    "Analyze": "EXPLAIN ANALYZE",
    "DescribeTable": "DESCRIBE",
}

Stubs = Mapping[str, Mapping[str, pa.DataType]]
"""Columns to add to tables, with their types."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that was planned."""

    asked: tuple[str, ...]
    """Tables it asked for, by the names they are known under, each once, in order."""
    schema: pa.Schema
    unoptimized: str
    optimized: str
    conditions: ScanConditions
    """What each scan asks of its rows, by table."""

    @property
    def is_table(self) -> bool:
        """Whether others can read it: it has columns, and no two of one name."""
        names = self.schema.names
        return 0 < len(names) == len(set(names))


class NotPlanned(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that was not planned."""

    asked: tuple[str, ...]
    """Tables it asked for; a name that no table has stands as it was asked for."""
    message: PlanningMessage


class PlanningSession:
    """Plans statements. Nothing is ever executed, and there are no rows to execute anything on.

    Parameters
    ----------
    variables
        What statements may read as `$name`. A secret one has a type here and no value, so that none can leave a trace.
    config
        Settings of the planner.
    """

    def __init__(self, variables: Mapping[str, Variable] | None = None, config: SessionConfig | None = None) -> None:
        self._catalog = TableCatalog()
        self._context = session_over(self._catalog, config)
        self._schemas: dict[str, pa.Schema] = {}
        self._columns: dict[str, tuple[Column, ...]] = {}
        known = variables or {}
        self._nulls = {name: placeholder_of(variable) for name, variable in known.items()}
        self._values = values_of({name: each for name, each in known.items() if each.value is not None})
        clock = clock_of(known)
        if clock is not None:
            pin_clock(self._context, clock)

    def add_table(self, name: str, schema: pa.Schema) -> None:
        """Add an empty table, or replace the one of that name."""
        known = self._schemas.get(name)
        if known is not None and known.equals(schema, check_metadata=True):
            return
        self._schemas[name] = schema
        self._columns.pop(name, None)
        self._register(name, schema)

    def schema(self, name: str) -> pa.Schema:
        """Give the columns of a table."""
        return self._schemas[name]

    def columns(self, name: str) -> tuple[Column, ...]:
        """Give the same with canonical types."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = columns_of(self._schemas[name])
        return found

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

    def optimized(self, sql: str) -> LogicalPlan:
        """Give the optimised plan of a statement that is known to plan."""
        return self._frame(sql).optimized_logical_plan()

    def _add_stubs(self, stubs: Stubs) -> dict[str, Table]:
        replaced: dict[str, Table] = {}
        for name, columns in stubs.items():
            table = self._catalog.table(name)
            if columns and table is not None:
                replaced[name] = table
                self._register(name, with_columns(self._schemas[name], columns))
        return replaced

    def _register(self, name: str, schema: pa.Schema) -> None:
        self._context.register_record_batches(quoted(name), [[empty_batch(schema)]])

    def _plan(self, sql: str) -> Plan | NotPlanned:
        self._catalog.asked.clear()
        try:
            frame = self._frame(sql)
            unoptimized = frame.logical_plan()
            optimized = frame.optimized_logical_plan()
            text, optimized_text = unoptimized.display_indent(), optimized.display_indent()
            conditions = scan_conditions(optimized, optimized_text)
            schema = self._schema(sql, frame)
        except Exception as error:  # noqa: BLE001 - DataFusion raises plain exceptions
            return NotPlanned(asked=self._asked(), message=read_planning_message(error))
        forbidden = _NOT_QUERIES.get(text.partition("\n")[0])
        if forbidden is not None:
            message = PlanningMessage(refusal=Refusal.FORBIDDEN, text=forbidden, subject=forbidden)
            return NotPlanned(asked=self._asked(), message=message)
        return Plan(
            asked=self._asked(), schema=schema, unoptimized=text, optimized=optimized_text, conditions=conditions
        )

    def _frame(self, sql: str) -> DataFrame:
        """Give the statement with its values bound; with an unknown or a secret one among them none is."""
        read = parameters_of(sql)
        values = {name: self._values[name] for name in read if name in self._values}
        bound = values if len(values) == len(read) else None
        return self._context.sql_with_options(sql, ONE_QUERY, param_values=bound or None)

    def _schema(self, sql: str, frame: DataFrame) -> pa.Schema:
        """Give the output, with the types that variables have once they are bound."""
        read = parameters_of(sql)
        if not read or any(name not in self._nulls for name in read):
            return frame.schema()
        if any(name not in self._values for name in read):
            nulls = {name: self._nulls[name] for name in read}
            frame = self._context.sql_with_options(sql, ONE_QUERY, param_values=nulls)
        return with_known_types(self._context, frame).schema()

    def _asked(self) -> tuple[str, ...]:
        names = (self._catalog.known_name(name) or name for name in self._catalog.asked)
        return tuple(dict.fromkeys(name for name in names if name not in TABLE_FUNCTIONS))
