"""Statistics of many Parquet files: compiling a project over them, beside plain loops over their footers.

Run with `python tests-integration/benchmarks/bench_statistics.py [files]`, 1,000 files unless given. Each figure is the
best of several runs; the sides take turns. The engine also hashes each footer, unites the schemas, holds predicates
against each row group and makes scan units of what is left.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datafusion import SessionContext

from plan_contracts import load_project_file
from plan_engine import compile_project

ROUNDS = 5
GROUPS = 4
COLUMNS = 12


def write(folder: Path, files: int) -> None:
    """Write a project over as many files, and one view that prunes half of them."""
    (folder / "data").mkdir()
    (folder / "views").mkdir()
    for file in range(files):
        first = file * 4000
        columns = {f"c{number}": pa.array(range(first, first + 4000), pa.int64()) for number in range(COLUMNS)}
        pq.write_table(pa.table(columns), folder / "data" / f"{file:05}.parquet", row_group_size=4000 // GROUPS)  # pyright: ignore[reportUnknownMemberType]  # pyarrow's stubs
    (folder / "views" / "v.sql").write_text(f"select c1, c2 from d where c0 >= {files * 2000}")
    (folder / "plan.toml").write_text('[project]\nname = "bench"\n\n[datasets.d]\npath = "data/*.parquet"\n')


def best_of_turns(actions: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """Give the best time of each action, and its least processor time, in seconds.

    They take turns, so that a slow moment hits all of them.
    """
    best = dict.fromkeys(actions, (float("inf"), float("inf")))
    for _ in range(ROUNDS):
        for name, action in actions.items():
            wall, processor = time.perf_counter(), time.process_time()
            action()
            taken = (time.perf_counter() - wall, time.process_time() - processor)
            best[name] = (min(best[name][0], taken[0]), min(best[name][1], taken[1]))
    return best


def main() -> None:
    """Print the times and their ratios."""
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder, files)
        paths = sorted((folder / "data").iterdir())

        def loop() -> int:
            return sum(pq.read_metadata(path).num_rows for path in paths)  # pyright: ignore[reportUnknownMemberType]  # pyarrow's stubs

        def datafusion() -> object:
            context = SessionContext()
            context.register_parquet("d", folder / "data")
            return context.sql("select count(*) as c from d").to_pylist()

        def compiled() -> object:
            return compile_project(folder, load_project_file(folder))

        scan = compile_project(folder, load_project_file(folder)).scans["d"]
        print(f"{files} files, {files * GROUPS} row groups of {COLUMNS} columns; pruned {scan.row_groups_pruned}")
        times = best_of_turns({"compile": compiled, "pyarrow loop": loop, "DataFusion count": datafusion})
        ours = times["compile"]
        for name, (wall, processor) in times.items():
            print(
                f"{name:18} {wall:7.3f} s   compile is {ours[0] / wall:5.2f}x   "
                f"processor {processor:7.3f} s   {ours[1] / processor:5.2f}x"
            )


if __name__ == "__main__":
    main()
