"""The errors of this package say what their published examples say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from plan_cli.adapters import import_adapters
from plan_cli.describing import describe_view
from plan_cli.document_files import check_file
from plan_cli.execution_options import ExecutionOptions
from plan_cli.open_project import open_project
from plan_cli.planning import admit_plan, read_cost_table, validate_project
from plan_contracts import PlanError, ViewDescription
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.project import ExecutionSection
from plan_contracts.testing import assert_error_example

SHOP = Path(__file__).parents[3] / "docs" / "examples" / "shop"


def _describe(view: str) -> ViewDescription:
    project = open_project(SHOP)
    validated = validate_project(project)
    return describe_view(validated, admit_plan(project, validated), view, lineage=False)


RAISED: dict[str, Callable[[], object]] = {
    "adapter_not_importable": lambda: import_adapters(["no_such_tracker:Tracker"], Path()),
    "cost_file_unreadable": lambda: read_cost_table(Path("cots.json")),
    "document_unreadable": lambda: check_file(Path("shedule.json")),
    "option_refused": lambda: ExecutionOptions(memory="lots").over(ExecutionSection()),
    "view_unknown": lambda: _describe("mothly_revenue"),
}


@pytest.mark.parametrize("code", RAISED)
def test_error_says_what_is_published(code: str) -> None:
    with pytest.raises(PlanError) as caught:
        RAISED[code]()
    assert caught.value.code == code
    assert_error_example(caught.value)


def test_every_code_of_this_package_is_held_here() -> None:
    assert [error.code for error in ERROR_CODES if error.package == "plan_cli"] == sorted(RAISED)
