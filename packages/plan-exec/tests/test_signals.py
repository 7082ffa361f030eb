"""Who hears of what asks a process to end: not a worker, but the programs of its tasks and the processes beside it."""

from pathlib import Path

import pytest
from executing import PROCESSES, run, run_program, statuses

from plan_contracts import ExecutorConfig, ExecutorKind
from plan_exec.testing import scenario

DASK = ExecutorConfig(kind=ExecutorKind.DASK, max_tasks=1)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("config", [None, DASK], ids=["processes", "dask"])
def test_worker_that_is_asked_to_end_goes_on_and_its_programs_end(
    config: ExecutorConfig | None, tmp_path: Path
) -> None:
    report = run(scenario("a -> b", tmp_path), PROCESSES, config=config, runtime="signalling:AskedToEnd", slots=1)

    assert statuses(report) == {"a": "succeeded", "b": "succeeded"}


POOL_BESIDE_WORKERS = """
import sys
import time
from pathlib import Path
import {library}

if __name__ == "__main__":
    from executing import PROCESSES, run
    from plan_contracts import ExecutorConfig, ExecutorKind
    from plan_exec.testing import scenario

    run(scenario("a -> b", Path(sys.argv[1])), PROCESSES, config=ExecutorConfig(kind=ExecutorKind.{kind}, max_tasks=1))
    pool = {library}.get_context("forkserver").Pool(2)
    print(pool.apply(abs, (-1,)))
    pool.map_async(time.sleep, (600, 600))
    pool.terminate()
    pool.join()
    print("ended")
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("library", "kind"), [("multiprocess", "MULTIPROCESSING"), ("multiprocessing", "DASK")])
def test_pool_that_a_program_has_beside_workers_can_be_ended(library: str, kind: str, tmp_path: Path) -> None:
    ended = run_program(POOL_BESIDE_WORKERS.format(library=library, kind=kind), tmp_path)

    assert (ended.stdout, ended.stderr) == ("1\nended\n", "")
