"""Tests that interrupt what they start can do so everywhere.

A shell has the jobs that it starts in the background ignore SIGINT, `nohup` has them ignore SIGHUP, and what these
start ignores it, too.
"""

import signal

for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)
