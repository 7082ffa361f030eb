"""Every error that a package can raise is published, and nothing else is."""

import importlib

import pytest

from plan_contracts.error_catalogue import ERROR_CODES, ErrorCode
from plan_contracts.testing.error_codes import raised_error_codes

PACKAGES = (
    "plan_cli",
    "plan_contracts",
    "plan_engine",
    "plan_exec",
    "plan_scheduler",
    "plan_store",
    "plan_validate",
)


def line(error: ErrorCode) -> str:
    """Give the error as it is written in the catalogue."""
    return f'entry("{error.code}", "{error.package}", "{error.stage}", {error.exit_code}, "{error.summary}"),'


@pytest.mark.parametrize("package", PACKAGES)
def test_catalogue_lists_exactly_what_the_package_raises(package: str) -> None:
    raised = {line(error) for error in raised_error_codes(importlib.import_module(package))}
    published = {line(error) for error in ERROR_CODES if error.package == package}
    missing, superfluous = sorted(raised - published), sorted(published - raised)
    assert (missing, superfluous) == ([], []), (
        "plan_contracts/error_catalogue lacks:\n"
        + "\n".join(missing)
        + "\nand lists what is not raised:\n"
        + "\n".join(superfluous)
    )


def test_codes_are_unique_over_all_packages() -> None:
    codes = [error.code for error in ERROR_CODES]
    assert sorted(set(codes)) == sorted(codes)


def test_exit_codes_are_the_documented_ones() -> None:
    assert {error.exit_code for error in ERROR_CODES} <= {1, 2, 3, 4, 130}
