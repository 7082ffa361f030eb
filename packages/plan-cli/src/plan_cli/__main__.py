"""The entry point of `plan-cli`. It imports nothing heavy, because worker processes import it once more."""

import os
import signal
import sys
import threading

READER_GONE = 1
"""Exit code when nobody reads the output any more; rich, which prints the tables, ends with the same."""

_TASK_THREADS = "plan-exec-thread-"
"""How the names of threads begin on which tasks run; they are daemons, and joined where they end by themselves."""


def main() -> None:
    """Run the command line and exit with its code; a request to end counts as an interrupt from the keyboard."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from plan_cli.app import run

    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
        _leave_at_once_if_tasks_run_on(code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at exit
        code = READER_GONE
    sys.exit(code)


def _leave_at_once_if_tasks_run_on(code: int) -> None:
    """Exit without the interpreter's own end where a thread is in the middle of a query that nobody waits for.

    The query asks for signals now and then, and the process aborts when it does so in an interpreter that is ending.
    """
    if any(thread.name.startswith(_TASK_THREADS) for thread in threading.enumerate()):
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
