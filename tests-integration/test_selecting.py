"""`--select` and `--exclude`: what is asked for is built with what it needs, and what is left out is named."""

import shutil
from pathlib import Path

import pytest

from command_line import plan_cli
from plan_contracts import PlanScheduleArtifact, RunManifestV2, decode_json

SHOP = Path(__file__).parent.parent / "docs" / "examples" / "shop"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Give a copy of the example."""
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".plan", "out"))
    return folder


def _outputs(shop: Path) -> list[str]:
    return sorted(path.stem for path in (shop / "out").iterdir())


@pytest.mark.timeout(200)
def test_build_selection_builds_it_with_what_it_needs_and_names_the_rest(shop: Path) -> None:
    answer = plan_cli("build", shop, "--select", "monthly_*")

    assert answer.code == 0, answer.text
    assert "left out, because not selected, and nothing selected reads it: best_customers\n" in answer.text
    assert _outputs(shop) == ["monthly_revenue", "paid_orders"]


@pytest.mark.timeout(200)
def test_build_exclusion_keeps_what_others_need(shop: Path) -> None:
    answer = plan_cli("build", shop, "--exclude", "paid_orders best_customers")

    assert answer.code == 0, answer.text
    assert _outputs(shop) == ["monthly_revenue", "paid_orders"]


@pytest.mark.timeout(200)
def test_build_what_was_modified_since_the_last_build_that_succeeded(shop: Path) -> None:
    early = plan_cli("plan", shop, "--select", "state:modified")
    assert plan_cli("build", shop).code == 0
    nothing = plan_cli("build", shop, "--select", "state:modified", "--json")
    view = shop / "views" / "monthly_revenue.sql"
    view.write_text(view.read_text().replace("sum(", "0 + sum(", 1))
    dataset = shop / "data" / "customers.csv"
    dataset.write_text(dataset.read_text().replace("Ada", "Ava"))
    changed = plan_cli("plan", shop, "--select", "state:modified", "--json")

    assert early.code == 2
    assert "It is not known what was modified" in early.text
    manifest = decode_json(nothing.out.encode(), RunManifestV2)
    assert (manifest.task_counts, len(manifest.outputs)) == ({}, 3)
    assert changed.code == 0, changed.text
    schedule = decode_json(changed.out.encode(), PlanScheduleArtifact)
    assert sorted(schedule.ordered_tasks) == ["best_customers", "monthly_revenue", "paid_orders"]


@pytest.mark.timeout(200)
def test_plan_wrong_selection_points_into_the_expression(shop: Path) -> None:
    answer = plan_cli("plan", shop, "--select", "paid_orders,tga:mart")

    assert answer.code == 2
    assert "  paid_orders,tga:mart\n              ^^^^^^^^\n" in answer.text
    assert "Did you mean `tag:`?" in answer.text
