"""The entry point of `plan-cli`. It imports nothing heavy, because worker processes import it once more."""

import os
import signal
import sys

READER_GONE = 1
"""Exit code when nobody reads the output any more; rich, which prints the tables, ends with the same."""


def main() -> None:
    """Run the command line and exit with its code; a request to end counts as an interrupt from the keyboard."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from plan_cli.app import run

    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at exit
        code = READER_GONE
    sys.exit(code)


if __name__ == "__main__":
    main()
