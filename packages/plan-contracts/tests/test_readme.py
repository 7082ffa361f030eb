"""The README's examples run as they stand."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_of_the_readme_runs(number: int) -> None:
    exec(compile(EXAMPLES[number], f"{README.name}[{number}]", "exec"), {})


def test_readme_has_examples() -> None:
    assert len(EXAMPLES) == 2
