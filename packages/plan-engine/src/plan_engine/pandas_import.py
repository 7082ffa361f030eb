"""Leaving pandas alone in processes that may never need it.

The first time that pyarrow makes an array or a scalar of Python's values, it imports pandas where it is installed, to
know its objects when it sees them. DataFusion makes one when it is imported, so that each worker process would spend
most of a second on pandas before its first task. Where that import fails, pyarrow goes on without, and imports pandas
when it is asked for what only pandas can do, such as `to_pandas`.
"""

import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Protocol, cast

from pyarrow import lib

_PANDAS = "pandas"


class _Shim(Protocol):
    """What pyarrow knows of pandas."""

    @property
    def have_pandas(self) -> bool:
        """Whether it was found; the first call looks for it."""
        ...

    @property
    def version(self) -> str:
        """Its version; looks for pandas again where it was not found."""
        ...


class _Refusal:
    """Refuses pandas to one thread while it is told to; a finder of modules, asked before all others.

    It stays when it has done its work: other threads may be walking through the list of finders.
    """

    def __init__(self) -> None:
        self.thread: int | None = None

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Leave every module but pandas to the other finders."""
        del path, target
        if fullname == _PANDAS and self.thread == threading.get_ident():
            raise ModuleNotFoundError("pandas is left alone until it is needed", name=_PANDAS)
        return None


_refusal = _Refusal()
_refusing = threading.Lock()


def leave_pandas_alone() -> None:
    """Let pyarrow go on without pandas, unless it is imported already.

    Only for a process in which no code runs that relies on pandas being installed: with it, pyarrow gives a nanosecond
    timestamp as another type, for one. `use_pandas` comes before such code. `import pandas` works as ever.
    """
    if (shim := _shim()) is None:
        return
    with _refusing:
        if _PANDAS in sys.modules:
            return
        if _refusal not in sys.meta_path:
            sys.meta_path.insert(0, _refusal)
        _refusal.thread = threading.get_ident()
        try:
            shim.have_pandas  # noqa: B018 - it looks for pandas
        finally:
            _refusal.thread = None


def use_pandas() -> None:
    """Let pyarrow find pandas where it is installed."""
    if (shim := _shim()) is not None:
        with suppress(ImportError):
            shim.version  # noqa: B018 - it looks for pandas again


def _shim() -> _Shim | None:
    """Give it; none in a pyarrow that keeps it elsewhere, which then imports pandas as it likes."""
    return cast("_Shim | None", getattr(lib, "_pandas_api", None))  # without types
