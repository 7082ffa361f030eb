"""Lifecycle adapters of Hamilton's that a project names: imported in the driver's process, before anything runs."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from plan_cli.errors import AdapterNotImportable

if TYPE_CHECKING:
    from plan_exec.hamilton_seam import LifecycleAdapter


def import_adapters(names: Sequence[str], project: Path) -> "list[LifecycleAdapter]":
    """Import adapters; what a name gives is used as it is, or called when it is a class or function.

    Parameters
    ----------
    names
        Each as `module:attribute`; modules beside plan.toml are found too.
    project
        Folder of plan.toml.

    Raises
    ------
    AdapterNotImportable
        When a module or attribute is not there, or making the adapter fails.
    """
    if not names:
        return []
    sys.path.insert(0, str(project))
    try:
        return [_import(name) for name in names]
    finally:
        sys.path.remove(str(project))


def _import(name: str) -> "LifecycleAdapter":
    from plan_exec.hamilton_seam import is_adapter

    module, _, attribute = name.partition(":")
    try:
        found: object = getattr(import_module(module), attribute)
        made = found if is_adapter(found) else cast(Callable[[], object], found)()
        if is_adapter(made):
            return made
    except Exception as reason:
        message = f"The adapter `{name}` cannot be imported: {type(reason).__name__}: {reason}"
        mend = "Name it `module:attribute`, and install its package where the build starts."
        raise AdapterNotImportable(message, subject=name, suggestion=mend) from reason
    message = f"`{name}` gives a {type(made).__name__}, which is no lifecycle adapter of Hamilton's"
    raise AdapterNotImportable(message, subject=name, suggestion="Derive it from a class of `hamilton.lifecycle`.")
