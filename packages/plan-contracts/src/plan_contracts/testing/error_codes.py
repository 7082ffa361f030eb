"""Finds the error codes that a package can raise, to be compared with the published catalogue."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from plan_contracts.error_catalogue import ErrorCode
from plan_contracts.errors import PlanError


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if found.name.endswith(".__main__") or ".testing" in found.name:
            continue  # the one would run a program, errors of the other belong to tests
        try:
            yield importlib.import_module(found.name)
        except ModuleNotFoundError as missing:
            # A module behind an extra that is not installed; a module of the package itself must be there.
            if (missing.name or "").startswith(package.__name__):
                raise


def _used_names(package: ModuleType) -> set[str]:
    """Give the names that the package's sources call or raise; the test kit's are not the package's own."""
    used: set[str] = set()
    for folder in map(Path, package.__path__):
        for path in folder.rglob("*.py"):
            if {"testing", "golden_cases"} & set(path.relative_to(folder).parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                target = node.func if isinstance(node, ast.Call) else node.exc if isinstance(node, ast.Raise) else None
                if isinstance(target, ast.Name):
                    used.add(target.id)
                elif isinstance(target, ast.Attribute):
                    used.add(target.attr)
    return used


def summary_of(error: type[PlanError]) -> str:
    """Give the first paragraph of the class's docstring on one line."""
    return " ".join((inspect.getdoc(error) or "").partition("\n\n")[0].split())


def raised_error_codes(package: ModuleType) -> tuple[ErrorCode, ...]:
    """Give the codes of all errors that a package defines and makes, sorted by code.

    Parameters
    ----------
    package
        An imported package. All of its modules are imported, apart from those that need an extra which is missing.

    Returns
    -------
    tuple of ErrorCode
        A class of which the package's sources make no instance, such as the root of a branch, is left out. A class that
        only builds on another one's code is not listed twice.

    Raises
    ------
    ValueError
        When two classes have one code but differ in what the catalogue says of them, or when a module makes an
        `ErrorPayload` by itself, whose code no class stands for.
    """
    used = _used_names(package)
    if "ErrorPayload" in used and package.__name__ != "plan_contracts":
        raise ValueError(f"{package.__name__} makes an ErrorPayload by itself; raise an error and use its payload()")
    found: dict[str, ErrorCode] = {}
    for module in _modules(package):
        for each in vars(module).values():
            if not (
                inspect.isclass(each) and issubclass(each, PlanError) and each.__module__.startswith(package.__name__)
            ):
                continue
            if each.__name__ not in used or "code" not in vars(each):
                continue
            code = ErrorCode(
                code=each.code,
                package=package.__name__,
                stage=each.stage,
                exit_code=each.exit_code,
                subject=each.subject_kind,
                related=each.related_names,
                summary=summary_of(each),
            )
            if found.setdefault(each.code, code) != code:
                raise ValueError(f"`{each.code}` is the code of two errors of {package.__name__}")
    return tuple(found[code] for code in sorted(found))
