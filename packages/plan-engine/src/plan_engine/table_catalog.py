"""The tables that a query may read, and a record of those it asked for.

DataFusion asks for every table of a statement, with common table expressions understood, before it looks at a single
column. So the record is complete even when planning then fails.
"""

from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext
from datafusion.catalog import SchemaProvider, Table
from datafusion.context import TableProviderExportable

from plan_engine.datafusion_messages import SCHEMA_NAME, unquoted

TABLE_FUNCTIONS = frozenset({"generate_series", "range"})
"""DataFusion's functions that give tables; it looks for tables of their names before it takes them for functions."""


class TableCatalog(SchemaProvider):
    """Tables by name. A name is also found in another case, since no two names differ in case alone."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._folded: dict[str, str] = {}
        self.asked: list[str] = []

    def register_table(self, name: str, table: Table | TableProviderExportable) -> None:
        """Add a table, or replace the one of that name; sessions call it for whatever is registered with them."""
        plain = unquoted(name)  # some of DataFusion's doors hand identifiers on with their quotes
        self._tables[plain] = table if isinstance(table, Table) else Table(table)
        self._folded[plain.casefold()] = plain

    def deregister_table(self, name: str, cascade: bool = False) -> None:
        """Take a table away; an unknown one is ignored. DataFusion gives the name alone."""
        del cascade
        plain = unquoted(name)
        if self._tables.pop(plain, None) is not None:
            self._folded.pop(plain.casefold(), None)

    def known_name(self, name: str) -> str | None:
        """Give the name under which a table stands that a statement calls `name`; none when there is none."""
        return name if name in self._tables else self._folded.get(name.casefold())

    def table_names(self) -> set[str]:
        """Give the names of all tables."""
        return set(self._tables)

    def table(self, name: str) -> Table | None:
        """Give the table and record that it was asked for.

        Called by DataFusion in the middle of planning, where calling DataFusion again would panic.
        """
        self.asked.append(name)
        known = self.known_name(name)
        return self._tables[known] if known is not None else None

    def table_exist(self, name: str) -> bool:
        """Say whether there is such a table."""
        return self.known_name(name) is not None


def session_over(
    catalog: TableCatalog, config: SessionConfig | None = None, runtime: RuntimeEnvBuilder | None = None
) -> SessionContext:
    """Give a session whose tables are those of the catalog: what is registered with it goes there.

    Parameters
    ----------
    catalog
        Holds the tables; it may be filled later.
    config
        Further settings of the session.
    runtime
        Memory and disk that it may use.
    """
    settings = (config or SessionConfig()).set("datafusion.catalog.default_schema", SCHEMA_NAME)
    context = SessionContext(settings, runtime) if runtime is not None else SessionContext(settings)
    context.catalog().register_schema(SCHEMA_NAME, catalog)
    return context


def quoted(name: str) -> str:
    """Give a name as an identifier whose case counts."""
    return '"' + name.replace('"', '""') + '"'
