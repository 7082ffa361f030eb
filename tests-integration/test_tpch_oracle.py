"""The example projects, built by the command line, agree row for row with DuckDB running the same SQL."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from oracle import Rows, differences, read_project, rows_from_arrow, run_in_duckdb

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"

BUILD_TIMEOUT_SECONDS = 100
"""Below the timeout of a test, so that a build that hangs is reported with its output."""


@dataclass(frozen=True, kw_only=True)
class BuiltExample:
    """A copy of an example after its build, and what the oracle makes of the same files.

    Parameters
    ----------
    outputs
        Folder of the Parquet files that the build published.
    expected
        View name to the oracle's rows.
    """

    outputs: Path
    expected: dict[str, Rows]


def build_example(name: str, folder: Path) -> BuiltExample:
    """Copy an example into a folder, build it there, and run the oracle over the copy."""
    project = folder / name
    shutil.copytree(EXAMPLES / name, project, ignore=shutil.ignore_patterns(".plan", "out", "__pycache__"))
    settings = project / "plan.toml"
    if "[defaults]" not in settings.read_text():  # every view is a file, so that every view can be compared
        settings.write_text(settings.read_text() + '\n[defaults]\nmaterialize = "table"\n')
    try:
        completed = subprocess.run(
            [sys.executable, "-m", "plan_cli", "build", str(project)],
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        pytest.fail(f"the build of {name} hung:\n{exc.stdout!r}\n{exc.stderr!r}")
    if completed.returncode != 0:
        pytest.fail(f"the build of {name} ended with {completed.returncode}:\n{completed.stdout}\n{completed.stderr}")
    return BuiltExample(outputs=project / "out", expected=run_in_duckdb(read_project(project)))


@pytest.fixture(scope="module")
def tpch(tmp_path_factory: pytest.TempPathFactory) -> BuiltExample:
    return build_example("tpch", tmp_path_factory.mktemp("tpch"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> BuiltExample:
    return build_example("shop", tmp_path_factory.mktemp("shop"))


def assert_view_agrees(built: BuiltExample, view: str) -> None:
    expected = built.expected[view]
    assert expected.rows, f"{view} is empty in the oracle, so that agreeing with it proves nothing"
    file = pq.ParquetFile(built.outputs / f"{view}.parquet")
    table = file.read()  # pyright: ignore[reportUnknownMemberType] (the stubs leave `columns` a bare list)
    assert differences(expected, rows_from_arrow(table)) == []


@pytest.mark.parametrize("view", sorted(read_project(EXAMPLES / "tpch").views))
def test_tpch_view_built_agrees_with_duckdb(tpch: BuiltExample, view: str) -> None:
    assert_view_agrees(tpch, view)


@pytest.mark.parametrize("view", sorted(read_project(EXAMPLES / "shop").views))
def test_shop_view_built_agrees_with_duckdb(shop: BuiltExample, view: str) -> None:
    assert_view_agrees(shop, view)


def test_tpch_outputs_built_are_exactly_the_views(tpch: BuiltExample) -> None:
    assert {path.name for path in tpch.outputs.iterdir()} == {f"{view}.parquet" for view in tpch.expected}
