"""Every error code that users and programs may meet, of all packages of the product; a module per package."""

from plan_contracts.error_catalogue.entry import ErrorCode
from plan_contracts.error_catalogue.plan_cli import CLI_CODES
from plan_contracts.error_catalogue.plan_contracts import CONTRACTS_CODES
from plan_contracts.error_catalogue.plan_engine import ENGINE_CODES
from plan_contracts.error_catalogue.plan_exec import EXEC_CODES
from plan_contracts.error_catalogue.plan_scheduler import SCHEDULER_CODES
from plan_contracts.error_catalogue.plan_store import STORE_CODES
from plan_contracts.error_catalogue.plan_validate import VALIDATE_CODES

__all__ = ["ERROR_CODES", "ErrorCode"]

ERROR_CODES: tuple[ErrorCode, ...] = (
    *CLI_CODES,
    *CONTRACTS_CODES,
    *ENGINE_CODES,
    *EXEC_CODES,
    *SCHEDULER_CODES,
    *STORE_CODES,
    *VALIDATE_CODES,
)
"""Sorted by package, then code."""
