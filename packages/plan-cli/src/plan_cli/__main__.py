"""The entry point of `plan-cli`. It imports nothing heavy, because worker processes import it once more."""

import signal
import sys


def main() -> None:
    """Run the command line and exit with its code; a request to end counts as an interrupt from the keyboard."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from plan_cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
