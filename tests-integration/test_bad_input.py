"""Bad input: the right exit code, one clear message without a traceback, and every old output untouched.

The messages are golden files in `goldens/bad_input/`; `UPDATE_GOLDENS=1` writes them anew.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import plan_cli
from plan_contracts import ErrorReport, decode_json

HERE = Path(__file__).parent
SHOP = HERE.parent / "docs" / "examples" / "shop"
GOLDENS = HERE / "goldens" / "bad_input"

Breakage = Callable[[Path], None]


def _write(relative: str, text: str) -> Breakage:
    def apply(project: Path) -> None:
        target = project / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    return apply


def _replace(relative: str, old: str, new: str) -> Breakage:
    def apply(project: Path) -> None:
        text = (project / relative).read_text()
        assert old in text
        (project / relative).write_text(text.replace(old, new, 1))

    return apply


def _append(relative: str, text: str) -> Breakage:
    def apply(project: Path) -> None:
        with (project / relative).open("a") as file:
            file.write(text)

    return apply


def _remove(relative: str) -> Breakage:
    def apply(project: Path) -> None:
        (project / relative).unlink()

    return apply


def _all(*breakages: Breakage) -> Breakage:
    def apply(project: Path) -> None:
        for breakage in breakages:
            breakage(project)

    return apply


def _outputs_are_a_file(project: Path) -> None:
    (project / "blocked").write_text("a file where the outputs folder should be\n")
    _replace("plan.toml", 'outputs = "out"', 'outputs = "blocked"')(project)


CASES: dict[str, tuple[int, Breakage]] = {
    "missing_plan_toml": (2, _remove("plan.toml")),
    "malformed_toml": (2, _append("plan.toml", "\n[views.x\n")),
    "unknown_key": (2, _replace("plan.toml", "path = ", "pth = ")),
    "dataset_path_matches_nothing": (2, _replace("plan.toml", "data/orders.csv", "data/order/*.csv")),
    "not_parquet": (
        2,
        _all(
            _write("data/broken.parquet", "this is not Parquet\n"),
            _append("plan.toml", '\n[datasets.broken]\npath = "data/broken.parquet"\n'),
        ),
    ),
    "syntax_error": (2, _write("views/broken.sql", "select customer_id\nfrom orders\nwhere where amount > 1\n")),
    "unknown_table": (3, _write("views/broken.sql", "select order_id from ordrs\n")),
    "missing_column": (3, _write("views/broken.sql", "select o.order_di from orders o\n")),
    "cycle": (
        3,
        _all(
            _write("views/first.sql", "select id from third\n"),
            _write("views/second.sql", "select id from first\n"),
            _write("views/third.sql", "select id from second\n"),
        ),
    ),
    "name_leaves_the_folder": (2, _append("plan.toml", '\n[views."../escape"]\ncost = 1.0\n')),
    "view_file_with_a_forbidden_name": (2, _write("views/a b.sql", "select order_id from orders\n")),
    "names_equal_but_for_case": (2, _write("views/Paid_Orders.sql", "select order_id from orders\n")),
    "view_named_like_a_dataset": (2, _write("views/orders.sql", "select 1 as one\n")),
    "ddl_in_a_view": (2, _write("views/broken.sql", "create table t as select 1 as one\n")),
    "copy_in_a_view": (2, _write("views/broken.sql", "copy (select 1 as one) to 'escape.parquet'\n")),
    "two_statements": (2, _write("views/broken.sql", "select 1 as one; select 2 as two\n")),
    "unwritable_outputs": (2, _outputs_are_a_file),
    "unknown_executor": (2, _append("plan.toml", '\n[execution.executor]\nkind = "treadpool"\n')),
    "unknown_profile": (2, lambda project: None),
    "several_independent_errors": (
        2,
        _all(
            _write("views/first_broken.sql", "selec order_id from orders\n"),
            _write("views/second_broken.sql", "drop table orders\n"),
            _replace("plan.toml", "data/customers.csv", "data/nobody.csv"),
        ),
    ),
    "several_missing_columns": (
        3,
        _all(
            _write("views/first_broken.sql", "select o.order_di, o.amuont from orders o where o.statsu = 'paid'\n"),
            _write("views/second_broken.sql", "select c.nam from customers c\n"),
            _write("views/third_broken.sql", "select b.nam from second_broken b\n"),
        ),
    ),
}


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _findings(text: str) -> list[str]:
    """Give the lines that say what is wrong, apart from counts and verdict, which differ from command to command."""
    return [line for line in text.splitlines() if line.startswith(("    ", "invalid:", "blocked:"))]


@pytest.fixture(scope="module")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tutorial's example once, so that there are outputs to keep."""
    project = tmp_path_factory.mktemp("bad_input") / "shop"
    shutil.copytree(SHOP, project, ignore=shutil.ignore_patterns(".plan", "out"))
    answer = plan_cli("build", project)
    assert answer.code == 0, answer.text
    return project


def _assert_golden(name: str, text: str) -> None:
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text)
    assert golden.exists(), f"{golden} is missing; UPDATE_GOLDENS=1 writes it"
    assert text == golden.read_text()


@pytest.mark.parametrize("name", CASES)
def test_build_bad_input_is_refused_with_a_clear_message(name: str, built_shop: Path, tmp_path: Path) -> None:
    code, breakage = CASES[name]
    project = tmp_path / "shop"
    shutil.copytree(built_shop, project)
    before = _contents(project / "out")
    breakage(project)

    command = "validate" if code == 3 else "build"
    options = ["--profile", "prodution"] if name == "unknown_profile" else []
    build = plan_cli("build", project, *options)
    shown = plan_cli(command, project, *options)

    assert build.code == code, build.text
    assert "Traceback" not in build.text
    assert _contents(project / "out") == before
    assert not (project / "escape.parquet").exists()
    assert not (tmp_path / "escape.parquet").exists()
    if code == 3:
        assert _findings(build.out) == _findings(shown.out)
    _assert_golden(name, shown.text.replace(str(project), "<project>"))


@pytest.mark.parametrize("arguments", [["--executor", "treadpool"], ["--max-tasks", "0"], ["--nonsense"]])
def test_build_bad_option_exits_with_two(arguments: list[str], built_shop: Path) -> None:
    answer = plan_cli("build", built_shop, *arguments)

    assert answer.code == 2, answer.text
    assert "Traceback" not in answer.text


def test_build_several_independent_errors_names_each_of_them(built_shop: Path, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    shutil.copytree(built_shop, project)
    CASES["several_independent_errors"][1](project)

    answer = plan_cli("build", project)

    for name in ("first_broken.sql", "second_broken.sql", "data/nobody.csv"):
        assert name in answer.text


def test_build_json_bad_input_gives_an_error_report(built_shop: Path, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    shutil.copytree(built_shop, project)
    _write("views/broken.sql", "selec order_id from orders\n")(project)

    answer = plan_cli("build", project, "--json")

    report = decode_json(answer.out.encode(), ErrorReport)
    assert answer.code == 2
    assert [error.location.file for error in report.errors if error.location is not None] == ["views/broken.sql"]
