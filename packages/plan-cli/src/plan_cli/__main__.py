"""The entry point of `plan-cli`. It imports nothing heavy, because worker processes import it once more."""

import gc
import os
import sys
import threading

from plan_cli.exit_codes import INTERRUPTED

READER_GONE = 1
"""Exit code when nobody reads the output any more; rich, which prints the tables, ends with the same."""

_NEW_CONTAINERS = 10_000
"""Lists, functions and the like that are made before the collector looks for cycles among them. After Python's 700 it
looks again and again through the modules that a command imports, where there is nothing to collect."""

_TASK_THREADS = "plan-exec-thread-"
"""How the names of threads begin that run tasks or call a cluster's library; all are joined that end by themselves."""


def main() -> None:
    """Run the command line and exit with its code."""
    from plan_cli.interrupts import interrupts

    interrupts.install()
    gc.set_threshold(_NEW_CONTAINERS)
    from plan_cli.app import run

    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at exit
        code = READER_GONE
    _leave_at_once_if_something_runs_on(code)
    sys.exit(code)


def _leave_at_once_if_something_runs_on(code: int) -> None:
    """Exit without the interpreter's own end where a thread is in the middle of something that nobody waits for.

    A thread that asks for the interpreter's lock while the interpreter ends aborts the process. A query does so now and
    then, to look for signals, and where one has ended early, a thread of DataFusion may still read through pyarrow.
    The library of a cluster that is lost waits for it once more, without end; who interrupts a command waits for none.
    Where Hamilton was imported, adapters of the user's may have something to say at the interpreter's end.
    """
    tasks_run = any(thread.name.startswith(_TASK_THREADS) for thread in threading.enumerate())
    queries_run = "datafusion" in sys.modules and "hamilton" not in sys.modules
    if code == INTERRUPTED or tasks_run or queries_run:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
