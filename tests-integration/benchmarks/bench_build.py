"""`plan-cli build` as a whole process, beside hand-written DataFusion scripts that do the same work.

Two workloads. `tiny`: views over a thousand rows, each reading one or two earlier ones, every view a Parquet file; the
script runs them in a given order. `tpch`: the example's views over TPC-H data, all views as tables; scripts write every
view to Parquet, or hold every view in memory and write the marts. Each figure is the median of several runs.

Run with `nox -s bench -- bench_build`. PLAN_BENCH_VIEWS sets the number of tiny views (1000), and PLAN_BENCH_TPCH names
a copy of `docs/examples/tpch` with larger data.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from plan_contracts import load_project_file
from plan_engine import compile_project

VIEWS = int(os.environ.get("PLAN_BENCH_VIEWS", "1000"))
RUNS = 3
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "tpch"
TPCH = Path(os.environ.get("PLAN_BENCH_TPCH", EXAMPLE))

SCRIPT = """
import sys
from pathlib import Path
from datafusion import SessionContext

folder, way = Path(sys.argv[1]), sys.argv[2]
out = folder / "script"
out.mkdir(exist_ok=True)
context = SessionContext()
for line in (folder / "datasets.txt").read_text().split():
    name, path = line.split("=")
    context.register_parquet(name, path)
for name in (folder / "order.txt").read_text().split():
    frame = context.sql((folder / "script_views" / f"{name}.sql").read_text())
    if way == "parquet":
        frame.write_parquet(str(out / f"{name}.parquet"))
        context.register_parquet(name, str(out / f"{name}.parquet"))
    else:
        batches = frame.collect()
        context.register_record_batches(name, [batches] if batches else [[]])
        if name.startswith("mart_"):
            context.table(name).write_parquet(str(out / f"{name}.parquet"))
"""


def tiny_project(folder: Path, views: int) -> Path:
    """Write a project of many small views."""
    chance = random.Random(7)
    (folder / "data").mkdir(parents=True)
    (folder / "views").mkdir()
    pq.write_table(
        pa.table({"id": range(1000), "x": [float(i % 97) for i in range(1000)]}), folder / "data" / "base.parquet"
    )
    (folder / "plan.toml").write_text('[project]\nname = "tiny"\n\n[datasets.base]\npath = "data/base.parquet"\n')
    for index in range(views):
        before = [f"v{chance.randrange(max(0, index - 40), index):05}" for _ in range(2)] if index >= 10 else ["base"]
        if len(set(before)) == 1:
            sql = f"select id, x + {index} as x from {before[0]} where x < 1e9\n"
        else:
            sql = f"select a.id, a.x + b.x / {index} as x from {before[0]} as a join {before[1]} as b on a.id = b.id\n"
        (folder / "views" / f"v{index:05}.sql").write_text(sql)
    return _aged(folder)


def tpch_project(folder: Path) -> Path:
    """Copy the TPC-H project."""
    shutil.copytree(TPCH, folder, ignore=shutil.ignore_patterns(".plan", "out"))
    return _aged(folder)


def _aged(folder: Path) -> Path:
    for path in folder.rglob("*.parquet"):
        os.utime(path, (1e9, 1e9))
    return folder


def for_scripts(folder: Path) -> None:
    """Write what the scripts read: datasets, views and an order, which a person would have to find by hand."""
    compiled = compile_project(folder, load_project_file(folder))
    lines = [
        f"{name}={ref.files[0].rsplit('/', 1)[0] if ref.files else ref.uri}" for name, ref in compiled.datasets.items()
    ]
    (folder / "datasets.txt").write_text("\n".join(lines))
    (folder / "script_views").mkdir()
    for name, source in compiled.sources.items():
        (folder / "script_views" / f"{name}.sql").write_text(source.sql)
    waiting = {name: set[str]() for name in compiled.sources}
    for edge in compiled.graph.edges:
        if edge.producer in waiting:
            waiting[edge.consumer].add(edge.producer)
    order: list[str] = []
    while waiting:
        ready = sorted(name for name, before in waiting.items() if not before)
        order += ready
        waiting = {name: before - set(ready) for name, before in waiting.items() if name not in ready}
    (folder / "order.txt").write_text("\n".join(order))


def seconds(command: list[str], before: Callable[[], None]) -> float:
    """Give the median wall time of a command as a process."""
    taken: list[float] = []
    for _ in range(RUNS):
        before()
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def plan_cli(folder: Path, *options: str) -> list[str]:
    """Give the command that builds a project."""
    return [sys.executable, "-m", "plan_cli", "build", str(folder), *options]


def clean(folder: Path) -> Callable[[], None]:
    """Give what removes everything that a build has left."""

    def remove() -> None:
        for name in ("out", ".plan", "script"):
            shutil.rmtree(folder / name, ignore_errors=True)

    return remove


def nothing() -> None:
    """Change nothing."""


def compare(title: str, folder: Path, ways: list[str]) -> None:
    """Time the scripts and the builds of one project, and print ratios to the first script."""
    for_scripts(folder)
    script = folder / "script.py"
    script.write_text(SCRIPT)
    print(f"\n{title}")
    figures: dict[str, float] = {}
    for way in ways:
        figures[f"script, {way}"] = seconds([sys.executable, str(script), str(folder), way], clean(folder))
    figures["plan-cli build"] = seconds(plan_cli(folder), clean(folder))
    figures["  serial"] = seconds(plan_cli(folder, "--mode", "deterministic_serial"), clean(folder))
    figures["  processes"] = seconds(plan_cli(folder, "--executor", "multiprocessing"), clean(folder))
    figures["  nothing changed"] = seconds(plan_cli(folder), nothing)
    floor = figures[f"script, {ways[0]}"]
    for name, figure in figures.items():
        print(f"  {name:<24} {figure:8.2f} s   {figure / floor:5.2f}x")


def main() -> None:
    """Run both workloads."""
    with tempfile.TemporaryDirectory() as work:
        print(f"{os.cpu_count()} cores, median of {RUNS} runs, whole processes")
        compare(f"{VIEWS} tiny views, every view a table", tiny_project(Path(work) / "tiny", VIEWS), ["parquet"])
        compare("TPC-H views", tpch_project(Path(work) / "tpch"), ["parquet", "memory"])


if __name__ == "__main__":
    main()
