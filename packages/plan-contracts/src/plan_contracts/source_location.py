"""A place in a file that a person wrote."""

from plan_contracts.base import Contract
from plan_contracts.scalars import Positive


class SourceLocation(Contract, frozen=True, kw_only=True):
    """File, and line and column where they are known."""

    file: str
    """Path as shown to the user."""
    line: Positive | None = None
    """Line, from 1."""
    column: Positive | None = None
    """Column, from 1, in characters."""

    def __str__(self) -> str:
        """Give `file:line:column`, as editors and terminals link it."""
        parts = [self.file, *(str(part) for part in (self.line, self.column) if part is not None)]
        return ":".join(parts)
