"""How the documentation is built: pages in Markdown, the reference from docstrings."""

import pkgutil
from importlib import import_module
from pathlib import Path

project = "plan"
author = "the plan authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "examples/**"]
html_theme = "furo"
html_title = "plan"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autosummary_generate = False
numpydoc_show_class_members = False

PACKAGES = (
    "plan_contracts",
    "plan_engine",
    "plan_validate",
    "plan_scheduler",
    "plan_exec",
    "plan_store",
    "plan_cli",
)


def _reference_page(package: str) -> str:
    module = import_module(package)
    lines = [f"# {package}", "", "```{eval-rst}", f".. automodule:: {package}", ""]
    names = getattr(module, "__all__", None)
    if names is None:
        names = [info.name for info in pkgutil.iter_modules(module.__path__)]
    for name in names:
        value = getattr(module, name, None)
        directive = "autoclass" if isinstance(value, type) else "autofunction" if callable(value) else "autodata"
        lines += [f".. {directive}:: {package}.{name}", *(["   :members:"] if directive == "autoclass" else []), ""]
    return "\n".join([*lines, "```", ""])


def _write_reference() -> None:
    """Write one page per package from its public names, so that the reference is complete by construction."""
    folder = Path(__file__).parent / "reference"
    folder.mkdir(exist_ok=True)
    for package in PACKAGES:
        page = folder / f"{package}.md"
        text = _reference_page(package)
        if not page.exists() or page.read_text() != text:
            page.write_text(text)


_write_reference()
