"""`plan-cli build` as a whole process, beside hand-written DataFusion scripts that do the same work.

Two workloads. `tiny`: views over a thousand rows, each reading one or two earlier ones, every view a Parquet file; the
script runs them in a given order. `tpch`: the example's views over TPC-H data, marts as tables and the rest `auto`;
scripts write every view to Parquet, hold every view in memory and write the marts, or do the latter with the staging
views inlined. The best of the three is what a person finds who tries all; nobody should have to. Each figure is the
least of several runs, with the processor time of that run, which tells more where other work is going on beside.

Run with `nox -s bench -- bench_build`. PLAN_BENCH_VIEWS sets the number of tiny views (1000), PLAN_BENCH_RUNS that of
runs (3), and PLAN_BENCH_TPCH names a copy of `docs/examples/tpch` with larger data; its README says how to make one.
"""

import os
import random
import resource
import shutil
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
RUNS = int(os.environ.get("PLAN_BENCH_RUNS", "3"))
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
    if way == "inline" and name.startswith("stg_"):
        context.register_view(name, frame)
    elif way == "parquet" or (way == "inline" and name.startswith("mart_")):
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
    (folder / "plan.toml").write_text(
        '[project]\nname = "tiny"\n\n[defaults]\nmaterialize = "table"\n\n[datasets.base]\npath = "data/base.parquet"\n'
    )
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


def seconds(command: list[str], before: Callable[[], None]) -> tuple[float, float]:
    """Give the least wall time of a command as a process, and the processor time of that run with its children."""
    taken: list[tuple[float, float]] = []
    for _ in range(RUNS):
        before()
        used, began = _processor_seconds(), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append((time.perf_counter() - began, _processor_seconds() - used))
    return min(taken)


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


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
    """Time the scripts and the builds of one project, and print ratios to the first and to the best script."""
    for_scripts(folder)
    script = folder / "script.py"
    script.write_text(SCRIPT)
    print(f"\n{title}")
    figures: dict[str, tuple[float, float]] = {}
    for way in ways:
        figures[f"script, {way}"] = seconds([sys.executable, str(script), str(folder), way], clean(folder))
    figures["plan-cli build"] = seconds(plan_cli(folder), clean(folder))
    figures["  serial"] = seconds(plan_cli(folder, "--mode", "deterministic_serial"), clean(folder))
    figures["  processes"] = seconds(plan_cli(folder, "--executor", "multiprocessing"), clean(folder))
    figures["  nothing changed"] = seconds(plan_cli(folder), nothing)
    scripts = [figures[f"script, {way}"] for way in ways]
    (first, first_used), (best, _) = scripts[0], min(scripts)
    print(f"  {'':<24} {'wall':>10} {'of first':>9} {'of best':>8} {'processor':>12} {'of first':>9}")
    for name, (wall, used) in figures.items():
        print(
            f"  {name:<24} {wall:8.2f} s {wall / first:8.2f}x {wall / best:7.2f}x "
            f"{used:10.2f} s {used / first_used:8.2f}x"
        )


def main() -> None:
    """Run both workloads."""
    with tempfile.TemporaryDirectory() as work:
        print(f"{os.cpu_count()} cores, least of {RUNS} runs, whole processes")
        compare(f"{VIEWS} tiny views, every view a table", tiny_project(Path(work) / "tiny", VIEWS), ["parquet"])
        compare("TPC-H views", tpch_project(Path(work) / "tpch"), ["parquet", "memory", "inline"])


if __name__ == "__main__":
    main()
