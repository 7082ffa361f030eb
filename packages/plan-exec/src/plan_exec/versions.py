"""The software that a worker runs beside the dispatcher's: they must be the same, or rows may differ by machine."""

import platform
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

_NAME = re.compile(r"[A-Za-z0-9._-]+")


@cache
def software_versions(runtime: str) -> Mapping[str, str]:
    """Give the versions of Python, of this package, and of the runtime's package with what it requires.

    Parameters
    ----------
    runtime
        `module:attribute` of the runtime; its package is the one of its module's first name, where there is one.
    """
    package = runtime.partition(":")[0].partition(".")[0].replace("_", "-")
    names = {"plan-contracts", "plan-exec", "msgspec", package, *_requirements(package)}
    found = {name: known for name in sorted(names) if (known := _version(name)) is not None}
    return {"python": platform.python_version(), **found}


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """Say for each package in how far two places differ.

    Examples
    --------
    >>> differences({"python": "3.11.9", "datafusion": "55.0.0"}, {"python": "3.11.9", "datafusion": "54.0.0"})
    ['datafusion 54.0.0 instead of 55.0.0']
    """
    return [
        f"{name} {theirs.get(name, 'missing')} instead of {ours.get(name, 'none')}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]


def _requirements(package: str) -> set[str]:
    """Name what a package always requires; nothing for one that is not installed as a package."""
    try:
        required = requires(package) or []
    except PackageNotFoundError:
        return set()
    found = (_NAME.match(text) for text in required if "extra ==" not in text)
    return {each.group() for each in found if each is not None}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
