"""Compares golden files with the contract that they are examples of."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from plan_contracts.base import Contract
from plan_contracts.codec import decode_json, decode_msgpack, encode_json_pretty, encode_msgpack
from plan_contracts.errors import DocumentRefused
from plan_contracts.errors_payload import ErrorPayload
from plan_contracts.publication import FileFault

T = TypeVar("T", bound=Contract)


def golden_faults(
    folder: Path, contract: type[T], *, same_version: bool = True
) -> tuple[dict[str, T], list[FileFault]]:
    """Compare every golden of a folder with its contract.

    Parameters
    ----------
    folder
        Such as `contracts/plan_schedule/1.0`.
    contract
        The type that the documents decode to.
    same_version
        Whether the files are of the contract's own version: then they are exactly what it encodes to, and refusals
        say what it says. Files of an earlier minor version decode, and no more is asked of them.

    Returns
    -------
    dict
        The documents that decode, by case, sorted.
    list of FileFault
        What is wrong, by file.
    """
    documents: dict[str, T] = {}
    faults: list[FileFault] = []
    for path in sorted(folder.glob("*.json")):
        if path.name == "schema.json" or path.name.endswith(".error.json"):
            continue
        if path.name.endswith(".invalid.json"):
            faults.extend(_refusal_faults(path, contract) if same_version else ())
            continue
        try:
            document = decode_json(path.read_bytes(), contract)
        except DocumentRefused as error:
            faults.append(_fault(path, error.message))
            continue
        documents[path.stem] = document
        if same_version and encode_json_pretty(document) != path.read_bytes():
            faults.append(_fault(path, "it is not what the document encodes to"))
        faults.extend(_packed_faults(path, document, same_version=same_version))
    faults.extend(
        _fault(path, f"there is no {path.stem}.json beside it")
        for path in sorted(folder.glob("*.msgpack"))
        if not path.with_suffix(".json").exists()
    )
    return documents, faults


def _fault(path: Path, message: str) -> FileFault:
    return FileFault(file=str(path), message=message)


def _packed_faults(path: Path, document: Contract, *, same_version: bool) -> Iterator[FileFault]:
    packed = path.with_suffix(".msgpack")
    if not packed.exists():
        return
    data = packed.read_bytes()
    if same_version and encode_msgpack(document) != data:
        yield _fault(packed, f"it is not what {path.name} encodes to")
        return
    try:
        if decode_msgpack(data, type(document)) != document:
            yield _fault(packed, f"it decodes to another document than {path.name}")
    except DocumentRefused as error:
        yield _fault(packed, error.message)


def _refusal_faults(path: Path, contract: type[Contract]) -> Iterator[FileFault]:
    try:
        decode_json(path.read_bytes(), contract)
    except DocumentRefused as error:
        recorded = path.with_name(path.name.removesuffix(".invalid.json") + ".error.json")
        if recorded.exists() and error.payload() != decode_json(recorded.read_bytes(), ErrorPayload):
            yield _fault(recorded, f"the document is refused with another error: {error.message}")
        return
    yield _fault(path, "it is accepted")
