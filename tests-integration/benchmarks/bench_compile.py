"""Compiling thousands of views, beside DataFusion's own planning of the same statements, and with nothing changed.

The views are small and of eight shapes (filters, joins, aggregates, windows, common table expressions, subqueries,
unions), each over one or two earlier ones. The floor registers an empty table per input and asks DataFusion for the
analysed and the optimised plan of each statement in a given order, which is the least that compiling has to do. Each
figure is the least of several runs, taken in turns; on a busy machine, processor time tells more than the clock.

Run with `nox -s bench -- bench_compile`. PLAN_BENCH_COMPILE sets the numbers of views (1000,10000).
"""

# pyarrow's stubs leave type parameters open.
# pyright: reportUnknownMemberType=false

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datafusion import SessionContext

from plan_contracts import CompiledProject, load_project_file
from plan_engine import CompileCache, compile_project
from plan_engine.arrow_schema import schema_of

SIZES = tuple(int(text) for text in os.environ.get("PLAN_BENCH_COMPILE", "1000,10000").split(","))
RUNS = 3
NO_CHANGE_BUDGET_SECONDS = 0.3

SHAPES = (
    "select id, grp, v * 2 as v from {a} where v > {n}",
    "select a.id, a.grp, a.v + b.v as v from {a} a join {b} b on a.id = b.id",
    "select min(id) as id, grp, sum(v) as v from {a} group by grp having count(*) > {n}",
    "select id, grp, v - lag(v) over (partition by grp order by id) as v from {a}",
    "with c as (select id, grp, v from {a} where grp <> {n}) select id, grp, v + 1 as v from c",
    "select id, grp, v from {a} where id in (select id from {b} where v > {n})",
    "select id, grp, v from {a} union all select id, grp, v from {b} where grp = {n}",
    "select id, grp, case when v > (select avg(v) from {b}) then v else 0 end as v from {a}",
)

NO_CHANGE = """
import sys, time
from pathlib import Path
began = time.perf_counter()
from plan_contracts import load_project_file
from plan_engine import CompileCache, compile_project
folder = Path(sys.argv[1])
compiled = compile_project(folder, load_project_file(folder), cache=CompileCache(Path(sys.argv[2])))
print(time.perf_counter() - began, "datafusion" in sys.modules or "pyarrow" in sys.modules)
"""


def write_project(folder: Path, views: int) -> list[str]:
    """Write a project of many views over one dataset; give their names, upstream first."""
    chance = random.Random(11)
    (folder / "views").mkdir(parents=True)
    ids = pa.array(range(100), pa.int64())
    columns = {"id": ids, "grp": pa.array([each % 7 for each in range(100)], pa.int64()), "v": ids.cast(pa.float64())}
    pq.write_table(pa.table(columns), folder / "base.parquet")
    os.utime(folder / "base.parquet", (1e9, 1e9))
    (folder / "plan.toml").write_text('[project]\nname = "bench"\n\n[datasets.base]\npath = "base.parquet"\n')
    names: list[str] = []
    for number in range(views):
        inputs = [names[chance.randrange(max(0, number - 50), number)] if number else "base" for _ in range(2)]
        name = f"v{number:05d}"
        text = SHAPES[number % len(SHAPES)].format(a=inputs[0], b=inputs[1], n=chance.randrange(5))
        (folder / "views" / f"{name}.sql").write_text(text + "\n")
        names.append(name)
    return names


class Least:
    """The least seconds of several runs, by the clock and of the processor."""

    def __init__(self) -> None:
        self.wall = float("inf")
        self.processor = float("inf")

    def take(self, action: Callable[[], object]) -> None:
        """Run once more."""
        wall, processor = time.perf_counter(), time.process_time()
        action()
        self.wall = min(self.wall, time.perf_counter() - wall)
        self.processor = min(self.processor, time.process_time() - processor)


def planning_with_datafusion(folder: Path, names: list[str], compiled: CompiledProject) -> Callable[[], None]:
    """Give what plans the statements one after the other against empty tables."""
    texts = [(folder / "views" / f"{name}.sql").read_text() for name in names]
    schemas = {name: schema_of(entry.columns) for name, entry in compiled.evidence.entries.items()}

    def plan() -> None:
        context = SessionContext()
        context.register_record_batches("base", [[pa.RecordBatch.from_pylist([], schema=schemas["base"])]])
        for name, text in zip(names, texts, strict=True):
            frame = context.sql(text)
            frame.logical_plan()
            frame.optimized_logical_plan()
            context.register_record_batches(name, [[pa.RecordBatch.from_pylist([], schema=schemas[name])]])

    return plan


def no_change(folder: Path, cache: Path) -> tuple[float, float]:
    """Compile once more in a fresh process; give the seconds of compiling with imports, and of the whole process."""
    began = time.perf_counter()
    command = [sys.executable, "-c", NO_CHANGE, str(folder), str(cache)]
    seconds, imported = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    whole = time.perf_counter() - began
    if imported != "False":
        raise AssertionError("a compile without changes has imported DataFusion or pyarrow")
    return float(seconds), whole


def main() -> None:
    """Measure each size and print the ratios."""
    per_view: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as parent:
        for views in SIZES:
            folder, cache = Path(parent) / str(views), Path(parent) / f"cache{views}"
            names = write_project(folder, views)
            project = load_project_file(folder)
            compiled = compile_project(folder, project, cache=CompileCache(cache))
            ours, floor = Least(), Least()
            plan = planning_with_datafusion(folder, names, compiled)
            for _ in range(RUNS):
                floor.take(plan)
                ours.take(partial(compile_project, folder, project))
            per_view[views] = ours.processor / views
            print(
                f"{views:>6} views: compile {ours.wall:.2f} s, processor {ours.processor:.2f} s, "
                f"{ours.processor / views * 1e3:.2f} ms a view; DataFusion's planning {floor.wall:.2f} s, "
                f"processor {floor.processor:.2f} s; ratio {ours.wall / floor.wall:.2f}, "
                f"of the processor {ours.processor / floor.processor:.2f} (at most 1.5)"
            )
            compiling, whole = min(no_change(folder, cache) for _ in range(RUNS))
            print(f"{'':>6}        nothing changed: {compiling:.2f} s with imports, {whole:.2f} s as a process")
    smallest, largest = min(per_view), max(per_view)
    print(f"processor per view, {largest} to {smallest}: {per_view[largest] / per_view[smallest]:.2f} (at most 1.2)")
    print(f"nothing changed at 1000 views: at most {NO_CHANGE_BUDGET_SECONDS} s; cores: {os.cpu_count()}")


if __name__ == "__main__":
    main()
