"""Checks a folder of published contracts, wherever it came from: digests, examples, refusals."""

from collections.abc import Iterator
from pathlib import Path

from plan_contracts.codec import decode_json, payload_hash
from plan_contracts.golden_faults import golden_faults
from plan_contracts.publication import FileFault, FolderReport, PublishedFiles, PublishedIndex
from plan_contracts.published_files import INDEX, our_catalogue


def is_published_folder(folder: Path) -> bool:
    """Say whether a folder holds published contracts: it has an index."""
    return (folder / INDEX).is_file()


def check_published(folder: Path) -> FolderReport:
    """Check that a folder of published contracts is whole, and that this version reads what it holds.

    Every file has the digest that the index gives, no file is missing or superfluous, every example decodes, and in
    versions that are also ours the examples are canonical and the refusals are refused as recorded.

    Parameters
    ----------
    folder
        A folder with an `INDEX.json`.

    Raises
    ------
    DocumentRefused
        When the index is not valid.
    """
    index = decode_json((folder / INDEX).read_bytes(), PublishedIndex)
    faults = [*_digest_faults(folder, index)]
    for entry in index.contracts:
        faults += _example_faults(folder, entry)
    listed = sum(len(entry.files) for entry in index.contracts) + len(index.other)
    return FolderReport(
        folder=str(folder), documents=listed, faults=tuple(sorted(faults, key=lambda fault: fault.file))
    )


def _digest_faults(folder: Path, index: PublishedIndex) -> Iterator[FileFault]:
    digests = {path: digest for entry in index.contracts for path, digest in entry.files.items()} | index.other
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {INDEX}
    for path in sorted(present | set(digests)):
        file = folder / path
        if path not in digests:
            yield FileFault(file=str(file), message=f"it is not listed in {INDEX}")
        elif path not in present:
            yield FileFault(file=str(file), message=f"it is missing, and listed in {INDEX}")
        elif payload_hash(file.read_bytes()) != digests[path]:
            yield FileFault(file=str(file), message=f"its bytes are not those whose digest is in {INDEX}")


def _example_faults(folder: Path, entry: PublishedFiles) -> list[FileFault]:
    reader = our_catalogue().reader(entry.contract, entry.version)
    version = folder / entry.contract / entry.version
    if reader is None:
        return [FileFault(file=str(version), message="this version of plan-contracts reads no such contract")]
    return golden_faults(version, reader.type, same_version=reader.version == entry.version)[1]
