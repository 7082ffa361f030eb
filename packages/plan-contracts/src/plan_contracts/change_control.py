"""What has changed between published files and the code, what each change does to readers, and whether it may be made.

Drafts change freely. A released version never changes: an addition needs a new minor version, anything else a new
major one, and the type of the old major stays in `registry.OLDER_MAJORS`, because its documents are still read.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from plan_contracts.codec import decode_json, decode_msgpack, payload_hash
from plan_contracts.compat import Change, Difference, as_schema, compare_schemas, version_after
from plan_contracts.errors import ContractFrozen, DocumentRefused
from plan_contracts.publication import ArrowTable, ErrorCatalogue, PublishedFiles, PublishedIndex
from plan_contracts.published_files import Catalogue
from plan_contracts.registry import RegisteredContract, version_number

Files = Mapping[str, bytes]
"""Content by path below `contracts/`."""


@dataclass(frozen=True)
class FileDifference:
    """One published file that is not as the code says."""

    path: str
    """Path below `contracts/`."""
    what: str
    """How it differs, as the end of a sentence that begins with the path."""
    change: Change
    """What it does to readers."""
    details: tuple[Difference, ...] = ()
    """The differences of a schema."""


def file_differences(
    present: Files, expected: Files, index: PublishedIndex, catalogue: Catalogue
) -> list[FileDifference]:
    """Compare published files with what the code says, byte for byte.

    Parameters
    ----------
    present
        What is published.
    expected
        What the code says; of released versions that it no longer makes, the files that are intact.
    index
        What was released.
    catalogue
        What the code publishes.

    Returns
    -------
    list of FileDifference
        Sorted by path; empty when all is well.
    """
    released = {path: digest for entry in _released(index) for path, digest in entry.files.items()}
    found: list[FileDifference] = []
    for path in sorted({*present, *expected, *released}):
        before, after = present.get(path), expected.get(path)
        if path in released and (before is None or payload_hash(before) != released[path]):
            what = "is missing, and it is released" if before is None else "is not the file that was released"
            found.append(FileDifference(path, what, Change.BREAKING))
        elif before != after:
            found.append(_difference(path, present, expected, catalogue))
    return found


def _difference(path: str, present: Files, expected: Files, catalogue: Catalogue) -> FileDifference:
    before, after = present.get(path), expected.get(path)
    details: tuple[Difference, ...] = ()
    if path.endswith("/schema.json"):
        details = tuple(schema_differences(present.get(_comparable(path, present)), after))
    if after is None:
        what = "is not published by any contract"
    elif before is None:
        what = "is missing"
    else:
        what = "differs from what the code says"
    own = _change(path, present, expected, catalogue)
    return FileDifference(path, what, max((detail.change for detail in details), default=own), details)


def _comparable(path: str, present: Files) -> str:
    """Give the schema to compare with: the published one, or for a new version the last one before it."""
    name, version, _ = PurePosixPath(path).parts
    earlier = [
        PurePosixPath(other).parts[1]
        for other in present
        if other.startswith(f"{name}/") and other.endswith("/schema.json") and other != path
    ]
    before = [other for other in earlier if version_number(other) < version_number(version)]
    return path if path in present or not before else f"{name}/{max(before, key=version_number)}/schema.json"


def _change(path: str, present: Files, expected: Files, catalogue: Catalogue) -> Change:
    """Give what the difference of a file does, apart from what its schema says."""
    before, after = present.get(path), expected.get(path)
    folder = PurePosixPath(path).parts[0]
    if path.endswith("/schema.json"):
        first = before is None and _comparable(path, present) == path
        return Change.ADDITIVE if first else Change.BREAKING if after is None else Change.NONE
    if folder == "arrow":
        return Change.ADDITIVE if before is None else _arrow_change(before, after)
    if path == "errors/errors.json":
        return _errors_change(before, after)
    if path.endswith(".msgpack"):
        twin = path.removesuffix(".msgpack") + ".json"
        same_document = before is not None and after is not None and present.get(twin) == expected.get(twin)
        return Change.BREAKING if same_document else Change.NONE
    contract = _contract_at(path, catalogue)
    if before is not None and contract is not None:
        return _example_change(path, before, contract)
    return Change.NONE


def _contract_at(path: str, catalogue: Catalogue) -> RegisteredContract | None:
    parts = PurePosixPath(path).parts
    return catalogue.reader(parts[0], parts[1]) if len(parts) == 3 else None


def _example_change(path: str, before: bytes, contract: RegisteredContract) -> Change:
    """An example that is refused now, or a refusal that is accepted now, is a change of the contract."""
    if path.endswith(".error.json"):
        return Change.NONE
    accepted = _decodes(before, contract, packed=False)
    return Change.BREAKING if accepted == path.endswith(".invalid.json") else Change.NONE


def _decodes(data: bytes, contract: RegisteredContract, *, packed: bool) -> bool:
    try:
        (decode_msgpack if packed else decode_json)(data, contract.type)
    except DocumentRefused:
        return False
    return True


def _arrow_change(before: bytes, after: bytes | None) -> Change:
    try:
        same = after is not None and decode_json(before, ArrowTable) == decode_json(after, ArrowTable)
    except DocumentRefused:
        same = False
    return Change.NONE if same else Change.BREAKING


def _errors_change(before: bytes | None, after: bytes | None) -> Change:
    try:
        old = _error_codes(before)
        new = _error_codes(after)
    except DocumentRefused:
        return Change.BREAKING
    if any(new.get(code) != facts for code, facts in old.items()):
        return Change.BREAKING
    return Change.ADDITIVE if len(new) > len(old) else Change.NONE


def _error_codes(data: bytes | None) -> dict[str, tuple[str, int]]:
    """Give what programs rely on, by code."""
    errors = decode_json(data, ErrorCatalogue).errors if data is not None else ()
    return {error.code: (error.stage, error.exit_code) for error in errors}


def schema_differences(before: bytes | None, after: bytes | None) -> list[Difference]:
    """Give the differences of two schemas; none where one of them is no schema."""
    try:
        return compare_schemas(as_schema(json.loads(before or b"")), as_schema(json.loads(after or b"")))
    except (ValueError, TypeError):
        return []


def _released(index: PublishedIndex) -> Iterator[PublishedFiles]:
    return (entry for entry in index.contracts if entry.state == "released")


def frozen_faults(present: Files, expected: Files, index: PublishedIndex, catalogue: Catalogue) -> list[ContractFrozen]:
    """Give every reason for which the code may not be published.

    Parameters
    ----------
    present, expected, index, catalogue
        As for `file_differences`.

    Returns
    -------
    list of ContractFrozen
        One per contract and reason, with the version that the change needs.
    """
    faults: list[ContractFrozen] = []
    for entry in _released(index):
        faults += _changed_release(entry, present, expected)
        faults += _unreadable_release(entry, present, catalogue)
    for contract in catalogue.contracts:
        faults += _wrong_version(contract, present, expected, index)
    return faults


def _changed_release(entry: PublishedFiles, present: Files, expected: Files) -> Iterator[ContractFrozen]:
    for path, digest in sorted(entry.files.items()):
        if path in expected and payload_hash(expected[path]) == digest:
            continue
        schema = f"{entry.contract}/{entry.version}/schema.json"
        changes = (detail.change for detail in schema_differences(present.get(schema), expected.get(schema)))
        worst = max(changes, default=Change.ADDITIVE if schema in expected else Change.BREAKING)
        version = version_after(entry.version, max(worst, Change.ADDITIVE))
        yield ContractFrozen(
            f"{path} is part of `{entry.contract}` {entry.version}, which is released",
            subject=entry.contract,
            suggestion=f"Restore the file, or give the contract version {version} in `registry.py`.",
        )
        return


def _unreadable_release(entry: PublishedFiles, present: Files, catalogue: Catalogue) -> Iterator[ContractFrozen]:
    """Look for examples of a release that its type does not read any more."""
    reader = catalogue.reader(entry.contract, entry.version)
    for path in sorted(entry.files):
        packed = path.endswith(".msgpack")
        example = packed or not path.endswith(("/schema.json", ".invalid.json", ".error.json"))
        if path not in present or not example:
            continue
        if reader is None or not _decodes(present[path], reader, packed=packed):
            yield ContractFrozen(
                f"{path} is released, and nothing reads it any more",
                subject=entry.contract,
                suggestion=f"Keep the type of `{entry.contract}` {entry.version} in `registry.OLDER_MAJORS`.",
            )
            return


def _wrong_version(
    contract: RegisteredContract, present: Files, expected: Files, index: PublishedIndex
) -> Iterator[ContractFrozen]:
    """Compare a version with the release before it."""
    versions = [entry.version for entry in _released(index) if entry.contract == contract.name]
    if not versions or contract.version in versions:
        return
    last = max(versions, key=version_number)
    if contract.number < version_number(last):
        yield ContractFrozen(
            f"`{contract.name}` is {contract.version} in the code, and {last} is released",
            subject=contract.name,
            suggestion=f"Give the contract version {version_after(last, Change.ADDITIVE)} or more in `registry.py`.",
        )
        return
    before, after = present.get(f"{contract.name}/{last}/schema.json"), expected[f"{contract.folder}/schema.json"]
    breaking = [detail for detail in schema_differences(before, after) if detail.change is Change.BREAKING]
    if breaking and contract.number[0] == version_number(last)[0]:
        yield ContractFrozen(
            f"`{contract.name}` {contract.version} breaks readers of {last}: {breaking[0].path}: {breaking[0].what}",
            subject=contract.name,
            suggestion=f"Give the contract version {version_after(last, Change.BREAKING)} in `registry.py`.",
        )
