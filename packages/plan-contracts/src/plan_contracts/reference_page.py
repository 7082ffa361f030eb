"""The reference of all contracts in Markdown, written from what is published, and so complete by construction."""

from collections.abc import Iterator

from plan_contracts.arrow_schemas import STORED_TABLES
from plan_contracts.descriptions import describe_contract, list_contracts, published_case
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.publication import ContractDescription, TypeDescription

LONGEST_EXAMPLE = 60
"""Lines of the longest example that is shown; longer ones are in `contracts/`."""

_HEAD = """\
# Contracts

Every document that crosses a boundary of plan: what packages hand to each other, what a build leaves behind, and what
commands print with `--json`. This page is written from the published schemas. The same, field by field, in a terminal:
`plan-cli contracts show NAME`; and what any file is: `plan-cli contracts check FILE`.

A field without a default must be there. Fields that are *not in the identity form* differ between two runs of the same
plan, and no artifact id depends on them.
"""


def reference_page() -> str:
    """Give the whole page."""
    described = [describe_contract(f"{each.name}/{each.version}") for each in list_contracts().contracts]
    types = {kind.name: kind for contract in described for kind in contract.types}
    lines = [_HEAD, *_overview(described)]
    for contract in described:
        lines += _contract_lines(contract)
    lines += ["## Types", "", "What the documents above hold, each once.", ""]
    for name in sorted(types):
        lines += _type_lines(types[name])
    return "\n".join([*lines, *_table_lines(), *_error_lines()])


def _overview(described: list[ContractDescription]) -> Iterator[str]:
    yield from ("| contract | version | state | what it is |", "|---|---|---|---|")
    for each in described:
        yield f"| [{each.name}](#{each.name}) | {each.version} | {each.state} | {_cell(each.summary)} |"
    yield ""


def _contract_lines(contract: ContractDescription) -> Iterator[str]:
    root, *inner = contract.types
    yield from (f"## {contract.name}", "")
    yield from (contract.summary, "")
    holds = f" It holds {', '.join(map(_link, sorted(kind.name for kind in inner)))}." if inner else ""
    people = " People write it: an unknown field is an error." if contract.hand_written else ""
    yield from (
        f"Version {contract.version}, {contract.state}; the document is a {_link(root.name)}.{people}{holds}",
        "",
    )
    yield f"Examples: {', '.join(f'`{case}`' for case in contract.cases)}."
    yield from (f"Refused: {', '.join(f'`{case}`' for case in contract.refusals)}.", "")
    texts = [published_case(f"{contract.name}/{contract.version}", case).decode() for case in contract.cases]
    shortest = min(texts, key=len)
    if shortest.count("\n") <= LONGEST_EXAMPLE:
        yield from ("```json", shortest.rstrip(), "```", "")


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _type_lines(kind: TypeDescription) -> Iterator[str]:
    yield from (f"### {kind.name}", "", kind.summary, "")
    if kind.values:
        yield from (f"One of {', '.join(f'`{value}`' for value in kind.values)}.", "")
    if kind.fields:
        yield from ("| field | holds | default | meaning |", "|---|---|---|---|")
    for field in kind.fields:
        default = "" if field.default is None else f"`{_cell(field.default)}`"
        note = "" if field.in_identity else " *Not in the identity form.*"
        yield f"| `{field.name}` | {_cell(field.type)} | {default} | {_cell(field.description)}{note} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table_lines() -> Iterator[str]:
    yield from ("## Stored tables", "")
    for name, columns in STORED_TABLES.items():
        yield from (f"### {name}", "", "| column | type | nullable |", "|---|---|---|")
        yield from (f"| `{each.name}` | {each.type} | {'yes' if each.nullable else 'no'} |" for each in columns)
        yield ""


def _error_lines() -> Iterator[str]:
    yield from (
        "## Error codes",
        "",
        "| code | package | exit code | what happened, and what to do |",
        "|---|---|---|---|",
    )
    for error in ERROR_CODES:
        yield f"| `{error.code}` | {error.package} | {error.exit_code} | {_cell(error.summary)} |"
    yield ""
