"""Where the columns of a view come from."""

from plan_contracts.base import Contract
from plan_contracts.scalars import ColumnType, Name


class SourceColumn(Contract, frozen=True, kw_only=True, order=True):
    """A column of a dataset or a view."""

    table: Name
    """Dataset or view."""
    column: str
    """Its column."""


class ColumnLineage(Contract, frozen=True, kw_only=True):
    """What one output column is computed from."""

    name: str
    """The column."""
    type: ColumnType
    """Its type."""
    sources: tuple[SourceColumn, ...] = ()
    """Columns of the view's inputs that its values are computed from, sorted."""
    origins: tuple[SourceColumn, ...] = ()
    """Columns of datasets, and of views that cannot be traced, that they are computed from in the end, sorted."""


class ViewLineage(Contract, frozen=True, kw_only=True):
    """What a view's columns and rows come from."""

    view: Name
    """The view."""
    traced: bool = True
    """Whether it could be traced; a Python view and one that does not plan cannot."""
    columns: tuple[ColumnLineage, ...] = ()
    """Its output columns, in order."""
    rows: tuple[SourceColumn, ...] = ()
    """Columns of its inputs that decide which rows there are and in which order: of filters, joins, groups, sorts."""
