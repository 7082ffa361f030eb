"""Estimates: the rows that each view of the TPC-H example was expected to give, beside those that it gave.

Run with `python tests-integration/benchmarks/bench_estimates.py`. No time is taken: the same example gives the same
figures on every machine.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from plan_contracts import load_project_file
from plan_engine import compile_project

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "tpch"
LAYERS = {"stg": "staging", "int": "intermediate", "mart": "marts"}


def built(folder: Path) -> Path:
    """Build a copy of the example with every view as a table."""
    project = folder / "tpch"
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns(".plan", "out"))
    with (project / "plan.toml").open("a") as settings:
        settings.write('\n[defaults]\nmaterialize = "table"\n')
    subprocess.run([sys.executable, "-m", "plan_cli", "build", str(project)], check=True, stdout=subprocess.DEVNULL)
    return project


def summary(name: str, factors: Sequence[float]) -> str:
    """Give one line of the table."""
    ordered = sorted(factors)
    within = ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]
    return f"| {name} | {len(ordered)} | {ordered[len(ordered) // 2]:.1f} | {within:.1f} | {ordered[-1]:.1f} |"


def main() -> None:
    """Print each view, then the table of the documentation."""
    with tempfile.TemporaryDirectory() as made:
        project = built(Path(made))
        statistics = compile_project(project, load_project_file(project)).statistics.views
        factors: dict[str, list[float]] = {}
        for view, known in sorted(statistics.items()):
            actual = pq.read_metadata(project / "out" / f"{view}.parquet").num_rows  # pyright: ignore[reportUnknownMemberType]  # pyarrow's stubs
            if known.rows_out is None:
                print(f"{view:32} unknown    {actual:>8,}")
                continue
            estimated, counted = max(1, known.rows_out), max(1, actual)
            factor = max(estimated, counted) / min(estimated, counted)
            factors.setdefault(LAYERS[view.split("_")[0]], []).append(factor)
            print(f"{view:32} {known.rows_out:>8,}   {actual:>8,}   {factor:6.1f}")
        for layer in LAYERS.values():
            print(summary(layer, factors[layer]))
        print(summary("all", [factor for layer in factors.values() for factor in layer]))


if __name__ == "__main__":
    main()
