"""Checks a folder of golden documents against a contract."""

from pathlib import Path
from typing import TypeVar

from plan_contracts.base import Contract
from plan_contracts.codec import decode_json, decode_msgpack, encode_json_pretty, encode_msgpack
from plan_contracts.errors import DocumentRefused
from plan_contracts.errors_payload import ErrorPayload

T = TypeVar("T", bound=Contract)


class GoldenMismatch(AssertionError):
    """Golden files and contract disagree: the message names each file."""


def assert_goldens(folder: Path, contract: type[T]) -> dict[str, T]:
    """Check every golden in a folder.

    For each `<case>.json` the document must decode, encode to the same indented bytes, and agree with `<case>.msgpack`
    byte for byte where that exists; for each `<case>.invalid.json` it must be refused, with the error of
    `<case>.error.json` where that exists. `schema.json` is passed over.

    Parameters
    ----------
    folder
        Such as `contracts/plan_schedule/1.0`, or a folder of a contract of your own.
    contract
        The type that the documents decode to.

    Returns
    -------
    dict
        The valid documents by case name, sorted.

    Raises
    ------
    GoldenMismatch
        When a file disagrees, or the folder holds no golden at all; all files are checked first.
    """
    faults: list[str] = []
    documents: dict[str, T] = {}
    paths = sorted(folder.glob("*.json"))
    for path in paths:
        if path.name == "schema.json" or path.name.endswith(".error.json"):
            continue
        if path.name.endswith(".invalid.json"):
            faults.extend(_refusal_faults(path, contract))
            continue
        try:
            document = decode_json(path.read_bytes(), contract)
        except DocumentRefused as error:
            faults.append(f"{path}: {error}")
            continue
        documents[path.stem] = document
        faults.extend(_encoding_faults(path, document))
    faults.extend(
        f"{path}: there is no {path.stem}.json beside it"
        for path in sorted(folder.glob("*.msgpack"))
        if not path.with_suffix(".json").exists()
    )
    if not documents and not faults:
        faults.append(f"{folder}: it holds no golden")
    if faults:
        raise GoldenMismatch("\n".join(faults))
    return documents


def _encoding_faults(path: Path, document: Contract) -> list[str]:
    faults: list[str] = []
    if encode_json_pretty(document) != path.read_bytes():
        faults.append(f"{path}: it is not what the document encodes to")
    packed = path.with_suffix(".msgpack")
    if packed.exists():
        if encode_msgpack(document) != packed.read_bytes():
            faults.append(f"{packed}: it is not what {path.name} encodes to")
        else:
            try:
                if decode_msgpack(packed.read_bytes(), type(document)) != document:
                    faults.append(f"{packed}: it decodes to another document than {path.name}")
            except DocumentRefused as error:
                faults.append(f"{packed}: {error}")
    return faults


def _refusal_faults(path: Path, contract: type[Contract]) -> list[str]:
    try:
        decode_json(path.read_bytes(), contract)
    except DocumentRefused as error:
        expected_path = path.with_name(path.name.removesuffix(".invalid.json") + ".error.json")
        if not expected_path.exists():
            return []
        expected = decode_json(expected_path.read_bytes(), ErrorPayload)
        if error.payload() != expected:
            return [f"{expected_path}: the document is refused with another error: {error.message}"]
        return []
    return [f"{path}: it is accepted"]
