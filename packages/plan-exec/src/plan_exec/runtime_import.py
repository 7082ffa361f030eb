"""Importing a runtime by its name, in whichever process it is to run."""

from collections.abc import Callable
from importlib import import_module
from typing import cast

from plan_contracts import WorkerRuntime
from plan_exec.errors import RuntimeNotImportable


def import_runtime(name: str) -> WorkerRuntime:
    """Import and make the runtime named `module:attribute`.

    Raises
    ------
    RuntimeNotImportable
        When the module or attribute is not there, or calling it fails.
    """
    module, _, attribute = name.partition(":")
    try:
        # A name cannot say more than that the attribute gives a runtime; the port's methods are called on it at once.
        make = cast(Callable[[], WorkerRuntime], getattr(import_module(module), attribute))
        return make()
    except Exception as reason:
        message = f"The runtime `{name}` cannot be imported: {type(reason).__name__}: {reason}"
        mend = "Name it `module:attribute`, and install it where tasks run."
        raise RuntimeNotImportable(message, subject=name, suggestion=mend) from reason
