"""The content of every published file, as the code says it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec

from plan_contracts.arrow_schemas import STORED_TABLES
from plan_contracts.codec import decode_json, encode_json_pretty, encode_msgpack, payload_hash
from plan_contracts.error_catalogue import ERROR_CODES
from plan_contracts.errors import DocumentRefused
from plan_contracts.errors_payload import ErrorPayload
from plan_contracts.golden_cases import InvalidCase, ValidCase, invalid_cases, valid_cases
from plan_contracts.json_schemas import contract_schema
from plan_contracts.publication import ArrowTable, ErrorCatalogue, PublishedFiles, PublishedIndex
from plan_contracts.published_readme import readme_text
from plan_contracts.registry import (
    CONTRACTS,
    OLDER_MAJORS,
    RegisteredContract,
    version_number,
)

INDEX = "INDEX.json"


@dataclass(frozen=True)
class Catalogue:
    """What there is to publish."""

    contracts: tuple[RegisteredContract, ...]
    """The newest version of each contract."""
    older: tuple[RegisteredContract, ...] = ()
    """The last version of each older major that is still read."""
    valid: tuple[ValidCase, ...] = ()
    """Examples of the newest versions."""
    invalid: tuple[InvalidCase, ...] = ()
    """Refusals of the newest versions."""

    def reader(self, name: str, version: str) -> RegisteredContract | None:
        """Give the contract whose type reads documents of a version: the newest one of the same major."""
        major, _ = version_number(version)
        found = (each for each in (*self.contracts, *self.older) if each.name == name and each.number[0] == major)
        return next(found, None)


@cache
def our_catalogue() -> Catalogue:
    """Give everything that this package publishes."""
    return Catalogue(contracts=CONTRACTS, older=OLDER_MAJORS, valid=valid_cases(), invalid=invalid_cases())


def pretty(value: object) -> bytes:
    """Give JSON for people: indented by two spaces, UTF-8, ended by a line break."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def refusal(case: InvalidCase, contract: RegisteredContract) -> bytes:
    """Give the error, as a document, with which a case is refused.

    Raises
    ------
    ValueError
        When it is not refused.
    """
    try:
        decode_json(msgspec.json.encode(case.document), contract.type)
    except DocumentRefused as error:
        return encode_json_pretty(error.payload())
    raise ValueError(f"The invalid case {case.name} of {case.contract} is accepted")


def contract_files(contract: RegisteredContract, catalogue: Catalogue) -> dict[str, bytes]:
    """Give the files of one contract by path below `contracts/`."""
    folder = contract.folder
    files = {f"{folder}/schema.json": pretty(contract_schema(contract))}
    for case in catalogue.valid:
        if case.contract == contract.name:
            files[f"{folder}/{case.name}.json"] = encode_json_pretty(case.document)
            files[f"{folder}/{case.name}.msgpack"] = encode_msgpack(case.document)
    for case in catalogue.invalid:
        if case.contract == contract.name:
            files[f"{folder}/{case.name}.invalid.json"] = pretty(case.document)
            files[f"{folder}/{case.name}.error.json"] = refusal(case, contract)
    return dict(sorted(files.items()))


def _other_files() -> dict[str, bytes]:
    files = {
        f"arrow/{name}.json": encode_json_pretty(ArrowTable(table=name, columns=columns))
        for name, columns in STORED_TABLES.items()
    }
    files["errors/errors.json"] = encode_json_pretty(ErrorCatalogue(errors=ERROR_CODES))
    files.update(_error_examples())
    files["README.md"] = readme_text().encode()
    return dict(sorted(files.items()))


def _error_examples() -> dict[str, bytes]:
    """Give the example of each error code as the tests of its package wrote it into the shipped copy.

    Raises
    ------
    ValueError
        When an error code has no example.
    """
    examples = resources.files("plan_contracts").joinpath("published", "errors")
    found: dict[str, bytes] = {}
    for error in ERROR_CODES:
        example = examples.joinpath(f"{error.code}.json")
        if not example.is_file():
            test = f"packages/{error.package.replace('_', '-')}/tests/test_error_examples.py"
            raise ValueError(f"The error `{error.code}` has no example. Run {test} with UPDATE_GOLDENS=1")
        found[f"errors/{error.code}.json"] = encode_json_pretty(decode_json(example.read_bytes(), ErrorPayload))
    return found


def published_files(
    index: PublishedIndex, present: Mapping[str, bytes], catalogue: Catalogue | None = None
) -> dict[str, bytes]:
    """Give every published file.

    Parameters
    ----------
    index
        What was published so far. States are taken from it, and released versions that the code no longer makes.
    present
        The files that exist, from which such older released versions are taken, by path below `contracts/`.
    catalogue
        What there is to publish; everything of this package when omitted.

    Returns
    -------
    dict
        Content by path, `INDEX.json` included. An older released file that is missing or edited
        is missing here.
    """
    source = our_catalogue() if catalogue is None else catalogue
    states = {(entry.contract, entry.version): entry for entry in index.contracts}
    files: dict[str, bytes] = {}
    entries: dict[tuple[str, str], PublishedFiles] = {}
    for contract in source.contracts:
        key = (contract.name, contract.version)
        own = contract_files(contract, source)
        files.update(own)
        state = states[key].state if key in states else "draft"
        digests = {path: payload_hash(content) for path, content in own.items()}
        entries[key] = PublishedFiles(contract=contract.name, version=contract.version, state=state, files=digests)
    for key, entry in states.items():
        if entry.state == "released" and key not in entries:
            entries[key] = entry
            intact = [path for path, known in entry.files.items() if payload_hash(present.get(path, b"")) == known]
            files.update({path: present[path] for path in intact})
    other = _other_files()
    files.update(other)
    order = sorted(entries, key=lambda key: (key[0], version_number(key[1])))
    whole = PublishedIndex(
        contracts=tuple(entries[key] for key in order),
        other={path: payload_hash(content) for path, content in other.items()},
    )
    files[INDEX] = encode_json_pretty(whole)
    return files
