"""The contract of this repository."""

from typing import Annotated

from msgspec import Meta

from plan_contracts import Contract, Name

Cents = Annotated[int, Meta(ge=0)]
"""An amount of money in hundredths."""


class InvoiceLine(Contract, frozen=True, kw_only=True):
    """What one task costs."""

    task: Name
    """The task."""
    cents: Cents
    """Its price."""


class Invoice(Contract, frozen=True, kw_only=True):
    """What the tasks of a schedule cost."""

    plan_signature: str
    """The plan."""
    tariff: str
    """Name of the tariff."""
    lines: tuple[InvoiceLine, ...]
    """In schedule order."""
    total: Cents
    """Sum of the lines."""
