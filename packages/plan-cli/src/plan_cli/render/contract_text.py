"""Contracts, and what is said of files, as lines of text."""

from collections.abc import Iterator

from plan_cli.render.figures import count, size
from plan_contracts.documents import DocumentCheck, DocumentEncoding, DocumentForm
from plan_contracts.publication import ContractDescription, ContractList, FieldDescription, FolderReport

_ENCODINGS = {
    DocumentEncoding.JSON: "JSON",
    DocumentEncoding.MSGPACK: "MessagePack",
    DocumentEncoding.TOML: "TOML",
    DocumentEncoding.PARQUET: "Parquet",
}


def list_lines(contracts: ContractList) -> Iterator[str]:
    """Give one line per contract, in columns."""
    width = max((len(each.name) for each in contracts.contracts), default=0)
    for each in contracts.contracts:
        yield f"{each.name:<{width}}  {each.version:<5} {each.state:<8}  {each.summary}"


def contract_lines(description: ContractDescription) -> Iterator[str]:
    """Give everything that is published of a contract."""
    yield f"{description.name} {description.version} ({description.state}): {description.summary}"
    if description.hand_written:
        yield "People write it; an unknown field is an error."
    for kind in description.types:
        yield ""
        yield f"{kind.name}: {kind.summary}"
        if kind.values:
            yield f"  one of {', '.join(kind.values)}"
        width = max((len(field.name) for field in kind.fields), default=0)
        for field in kind.fields:
            yield f"  {field.name:<{width}}  {field.type}{_default(field)}"
            yield f"  {'':<{width}}  {field.description}"
    yield ""
    yield f"examples: {', '.join(description.cases)}"
    yield f"refused:  {', '.join(description.refusals)}"


def _default(field: FieldDescription) -> str:
    default = "" if field.default is None else f", default {field.default}"
    return default if field.in_identity else f"{default}, not in the identity form"


def check_lines(found: DocumentCheck) -> Iterator[str]:
    """Say what a file is, and why it is not valid."""
    verdict = "not valid" if found.errors else "valid"
    facts = [_contract(found), _encoding(found), size(found.bytes)]
    if found.documents != 1:
        facts.append(count(found.documents, "document"))
    if not found.errors and not found.canonical and found.encoding is not DocumentEncoding.TOML:
        facts.append("not in canonical bytes")
    yield f"{found.file}: {verdict}: {', '.join(fact for fact in facts if fact)}"
    if found.unknown_fields:
        yield f"    fields that this version does not know: {', '.join(found.unknown_fields)}"
    for error in found.errors:
        place = f"{error.location}: " if error.location is not None else ""
        yield f"    {place}{error.message}"
        if error.suggestion:
            yield f"      -> {error.suggestion}"


def _contract(found: DocumentCheck) -> str:
    if found.contract is None:
        return "no contract"
    if found.version is None:
        return f"an event of the unknown kind `{found.contract}`"
    form = {DocumentForm.IDENTITY: " in identity form", DocumentForm.SCHEMA: ", its JSON Schema"}.get(found.form, "")
    return f"{found.contract} {found.version}{form}"


def _encoding(found: DocumentCheck) -> str:
    return "" if found.encoding is None else _ENCODINGS[found.encoding]


def folder_lines(report: FolderReport) -> Iterator[str]:
    """Say what is wrong with a folder, and how much was looked at."""
    for fault in report.faults:
        yield f"{fault.file}: {fault.message}"
    checked = count(report.documents, "document")
    others = f", {count(report.passed_over, 'other file')} passed over" if report.passed_over else ""
    yield f"{report.folder}: {checked} checked{others}, {count(len(report.faults), 'fault')}"
