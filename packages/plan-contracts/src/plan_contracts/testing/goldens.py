"""Checks a folder of golden documents against a contract."""

from pathlib import Path
from typing import TypeVar

from plan_contracts.base import Contract
from plan_contracts.golden_faults import golden_faults
from plan_contracts.publication import FileFault

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
    documents, faults = golden_faults(folder, contract)
    if not documents and not faults:
        faults.append(FileFault(file=str(folder), message="it holds no golden"))
    if faults:
        raise GoldenMismatch("\n".join(f"{fault.file}: {fault.message}" for fault in faults))
    return documents
