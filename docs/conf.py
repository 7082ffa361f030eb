"""How the documentation is built: pages in Markdown, the reference from docstrings."""

from importlib import import_module
from pathlib import Path
from types import GenericAlias

from plan_cli.app import app
from plan_contracts.reference_page import reference_page

project = "plan"
author = "the plan authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "examples/**"]
html_theme = "furo"
html_title = "plan"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = [
    "myst.xref_missing",
    "ref.python",  # a field called `bytes` or `type` is a second target of that name
]
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
)


def _entry(path: str, value: object) -> list[str]:
    if isinstance(value, GenericAlias):  # takes itself for a class, which autodoc believes
        return [f".. py:data:: {path}", f"   :value: {value}", ""]
    if isinstance(value, type):
        return [f".. autoclass:: {path}", "   :members:", ""]
    return [f".. {'autofunction' if callable(value) else 'autodata'}:: {path}", ""]


def _package_page(package: str) -> str:
    module = import_module(package)
    lines = [f"# {package}", "", "```{eval-rst}", f".. automodule:: {package}", ""]
    for name in module.__all__:
        lines += _entry(f"{package}.{name}", getattr(module, name))
    return "\n".join([*lines, "```", ""])


def _write_reference() -> None:
    """Write pages from public names, the commands' help and the published contracts: complete by construction."""
    pages = {package: _package_page(package) for package in PACKAGES}
    pages["contracts"] = reference_page()
    pages["plan-cli"] = app.generate_docs(output_format="markdown", usage_name="plan-cli")
    folder = Path(__file__).parent / "reference"
    folder.mkdir(exist_ok=True)
    for name, text in pages.items():
        page = folder / f"{name}.md"
        if not page.exists() or page.read_text() != text:
            page.write_text(text)


_write_reference()
