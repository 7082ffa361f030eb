"""What data is checked for, and what the checks have found."""

from enum import StrEnum
from typing import ClassVar

from plan_contracts.base import Contract
from plan_contracts.scalars import Name, Rows, Sha256
from plan_contracts.variables import Variable


class ViolationKind(StrEnum):
    """Which part of a declared contract does not hold."""

    COLUMN_MISSING = "column_missing"
    TYPE_DIFFERS = "type_differs"
    NULLABLE = "nullable"
    METADATA_MISSING = "metadata_missing"
    METADATA_DIFFERS = "metadata_differs"
    TOO_FEW_ROWS = "too_few_rows"
    TOO_MANY_ROWS = "too_many_rows"
    NOT_UNIQUE = "not_unique"
    VALUE_NOT_ACCEPTED = "value_not_accepted"
    EXPRESSION_FALSE = "expression_false"
    CHECK_NOT_PLANNED = "check_not_planned"


class DataCheck(Contract, frozen=True, kw_only=True):
    """One part of a declared contract, as a query over the data it speaks of."""

    name: str
    """What it checks, such as `not_null(order_id)`; unique among the checks of one dataset or view."""
    kind: ViolationKind
    """The part of the contract."""
    subject: str
    """Column or columns, name of the expression, or name of the bound."""
    declared: str
    """What plan.toml says."""
    sql: str
    """A query that gives the offending rows, and none when the check passes."""
    definition: Sha256 | None = None
    """Identity of the query's logic; none when it does not plan."""
    volatile: bool = False
    """Whether the query calls a function whose value differs from run to run."""
    parameters: dict[str, Variable] = {}
    """The variables that the query reads as `$name`."""
    fault: str | None = None
    """Why the query does not plan, in one sentence."""


class CheckResult(Contract, frozen=True, kw_only=True):
    """What one check has found."""

    name: str
    """Name of the check."""
    offending_rows: Rows
    """Rows that its query gave; 0 when it passed."""
    examples: tuple[str, ...] = ()
    """The first offending rows, each as `column = value` pairs and cut where it is long."""

    @property
    def passed(self) -> bool:
        """Whether there is no offending row."""
        return self.offending_rows == 0


class CheckRecord(Contract, frozen=True, kw_only=True):
    """The checks of a dataset or view that its content has passed."""

    run_specific: ClassVar[frozenset[str]] = frozenset({"build_key"})

    subject: Name
    """The dataset or view."""
    build_key: Sha256
    """Definition of the checks and identity of the content; as long as it stays the same they are not run again."""
