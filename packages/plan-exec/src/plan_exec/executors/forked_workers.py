"""What a process does first that is forked from a server of workers; imported by such a server, before it forks any.

The server is started deaf to what asks a process to end, so that no worker is ended before it is one. A program may
have processes of its own forked from the same server: they hear again.
"""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing import util
from typing import cast

import multiprocess
from multiprocess import util as util_of_multiprocess

from plan_exec.executors.process_pool import PROCESS_NAMES
from plan_exec.interruptions import SIGNALS, take_no_notice

_NAMES_OF_WORKERS = (PROCESS_NAMES, "Dask Worker process")  # the second as Dask's nanny has it


def _begin(name: str) -> None:
    if name.startswith(_NAMES_OF_WORKERS):
        take_no_notice()
    else:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _name_in_multiprocess() -> str:
    return cast(str, multiprocess.current_process().name)  # pyright: ignore - untyped  # pyrefly: ignore


def _name_in_multiprocessing() -> str:
    return multiprocessing.current_process().name


def _begin_named(name: Callable[[], str]) -> None:
    _begin(name())


util.register_after_fork(_name_in_multiprocessing, _begin_named)
util_of_multiprocess.register_after_fork(_name_in_multiprocess, _begin_named)  # pyright: ignore - untyped  # pyrefly: ignore
