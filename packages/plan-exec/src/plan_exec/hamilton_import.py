"""Importing Hamilton for what is used of it."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

_AUTOLOAD = "HAMILTON_AUTOLOAD_EXTENSIONS"


@contextmanager
def without_extensions() -> Generator[None]:
    """Let an import of Hamilton inside the block load no extension that nobody asked for.

    By default Hamilton imports each data frame library that is installed, Dask's among them, which takes a second.
    Tasks hand on references, so none is needed. A program that wants them imports Hamilton first, or sets the variable.
    """
    if "hamilton" in sys.modules or _AUTOLOAD in os.environ:
        yield
        return
    os.environ[_AUTOLOAD] = "0"
    try:
        yield
    finally:
        del os.environ[_AUTOLOAD]
