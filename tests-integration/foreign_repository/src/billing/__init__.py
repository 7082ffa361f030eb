"""What a plan costs in money."""

from billing.documents import Invoice, InvoiceLine
from billing.pricing import UnknownTariff, price

__all__ = ["Invoice", "InvoiceLine", "UnknownTariff", "price"]
