"""What a process does first that is forked from a server of workers; imported by such a server, before it forks any.

The server is started deaf to what asks a process to end, so that no worker is ended before it is one. A program may
have processes of its own forked from the same server: they hear again.
"""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing import util
from typing import Protocol

import multiprocess
from multiprocess import util as its_util

from plan_exec.executors.process_pool import PROCESS_NAMES
from plan_exec.interruptions import SIGNALS, take_no_notice

_NAMES_OF_WORKERS = (PROCESS_NAMES, "Dask Worker process")  # the second as Dask's nanny has it


class _Process(Protocol):
    @property
    def name(self) -> str: ...


def _begin(current_process: Callable[[], _Process]) -> None:
    if current_process().name.startswith(_NAMES_OF_WORKERS):
        take_no_notice()
    else:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


util.register_after_fork(multiprocessing.current_process, _begin)
its_util.register_after_fork(multiprocess.current_process, _begin)  # pyright: ignore - untyped  # pyrefly: ignore
