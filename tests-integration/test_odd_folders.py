"""A project builds in whatever folder it lies."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import plan_cli

SHOP = Path(__file__).parent.parent / "docs" / "examples" / "shop"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "name", ["with a space", "[2026]", "a*b?", "it's", "100%25", "a#b", "dåta", "{x}", 'a"b', "a;b"]
)
def test_build_in_a_folder_with_an_odd_name_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    project, plain = tmp_path / name / "shop", tmp_path / "plain"
    for folder in (project, plain):
        shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns(".plan", "out"))
        parts = folder / "data" / "parts"
        parts.mkdir()
        for index in range(2):
            pq.write_table(pa.table({"n": [index]}), pa.OSFile(str(parts / f"{index}.parquet"), "wb"))
        settings = folder / "plan.toml"
        settings.write_text(settings.read_text() + '\n[datasets.parts]\npath = "data/parts/*.parquet"\n')
        (folder / "views" / "parts_total.sql").write_text("select sum(n) as total from parts\n")

    answers = [plan_cli("build", folder) for folder in (project, plain)]

    assert [answer.code for answer in answers] == [0, 0], answers[0].text
    for output in (plain / "out").iterdir():
        assert (project / "out" / output.name).read_bytes() == output.read_bytes()
