"""The errors of this package say what their published examples say."""

from pathlib import Path

import pytest

from plan_cli.document_files import check_file
from plan_cli.errors import CostFileUnreadable, DocumentUnreadable
from plan_cli.planning import read_cost_table
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.testing import assert_error_example


def test_error_says_what_is_published() -> None:
    with pytest.raises(CostFileUnreadable) as caught:
        read_cost_table(Path("cots.json"))
    assert_error_example(caught.value)


def test_unreadable_document_says_what_is_published() -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        check_file(Path("shedule.json"))
    assert_error_example(caught.value)


def test_every_code_of_this_package_is_held_here() -> None:
    assert [error.code for error in ERROR_CODES if error.package == "plan_cli"] == [
        "cost_file_unreadable",
        "document_unreadable",
    ]
