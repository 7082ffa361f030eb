"""Modules of Python views: imported by path, once per content, and only if they are what was planned."""

import hashlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from plan_contracts import PythonSource, SourceLocation
from plan_engine.errors import ViewChanged

_modules: dict[tuple[str, str], ModuleType] = {}
_importing = threading.RLock()


def load_function(view: PythonSource, folder: Path) -> Callable[..., object]:
    """Give the function of a Python view.

    The module is run from the bytes that were checked, under a name of its own, and leaves no compiled file behind.

    Parameters
    ----------
    view
        Says in which file the function is, and what the file holds.
    folder
        Folder of plan.toml.

    Raises
    ------
    ViewChanged
        When the file is gone or holds something else.
    Exception
        Whatever the module raises.
    """
    path = folder / view.path
    with _importing:
        module = _modules.get((str(path), view.sha256))
        if module is None:
            module = _run_module(view, path)
            _modules[str(path), view.sha256] = module
    return getattr(module, view.function)


def _run_module(view: PythonSource, path: Path) -> ModuleType:
    try:
        data = path.read_bytes()
    except OSError as reason:
        raise _changed(view, f"cannot be read any more: {reason.strerror}") from reason
    if hashlib.sha256(data).hexdigest() != view.sha256:
        raise _changed(view, "was changed after it had been planned")
    name = f"plan_views.{path.stem}_{view.sha256[:16]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and type hints look their module up there
    try:
        exec(compile(data, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _changed(view: PythonSource, what: str) -> ViewChanged:
    return ViewChanged(
        f"The file of the Python view `{view.name}` {what}",
        subject=view.name,
        location=SourceLocation(file=view.path),
        suggestion="Build again.",
    )
