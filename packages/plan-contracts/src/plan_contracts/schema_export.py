"""Writes and checks the published contracts.

`python -m plan_contracts.schema_export --write contracts` writes the folder and the copy that ships in the wheel;
`--check contracts` compares both byte for byte with what the code says, and says what each difference does to readers;
`--release NAME contracts` freezes a version.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from plan_contracts.change_control import FileDifference, file_differences, frozen_faults
from plan_contracts.codec import decode_json
from plan_contracts.compat import Change
from plan_contracts.errors import ContractFrozen, ContractUnknown, ExportUnstable, PlanError, raise_all
from plan_contracts.publication import PublishedFiles, PublishedIndex
from plan_contracts.published_files import INDEX, Catalogue, our_catalogue, published_files
from plan_contracts.registry import registered_contract

SHIPPED = Path(__file__).parent / "published"
"""The copy that ships in the wheel."""

COMMAND = "uv run python -m plan_contracts.schema_export"
"""How this module is started in the repository."""


def copies_of(folder: Path) -> list[Path]:
    """Give the folder, and the copy that ships in the wheel where that belongs to the same repository."""
    repository = folder.resolve().parent
    return [folder, SHIPPED] if SHIPPED.is_relative_to(repository) else [folder]


def read_index(folder: Path) -> PublishedIndex:
    """Give the folder's index; an empty one when there is none yet.

    Raises
    ------
    DocumentRefused
        When `INDEX.json` is not a valid index.
    """
    path = folder / INDEX
    return decode_json(path.read_bytes(), PublishedIndex) if path.exists() else PublishedIndex()


def _present(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def differences(folder: Path, catalogue: Catalogue | None = None) -> list[FileDifference]:
    """Compare a folder with what the code says.

    Parameters
    ----------
    folder
        `contracts/`, or the shipped copy.
    catalogue
        What the code publishes; everything of this package when omitted.

    Returns
    -------
    list of FileDifference
        One per file that is missing, superfluous or different, sorted by path; empty when all is well.
    """
    source = our_catalogue() if catalogue is None else catalogue
    present, index = _present(folder), read_index(folder)
    return file_differences(present, published_files(index, present, source), index, source)


def faults(folder: Path, catalogue: Catalogue | None = None) -> list[ContractFrozen]:
    """Give every reason for which the code may not be published in a folder: what is released there forbids it."""
    source = our_catalogue() if catalogue is None else catalogue
    present, index = _present(folder), read_index(folder)
    return frozen_faults(present, published_files(index, present, source), index, source)


def write(folder: Path, *, index: PublishedIndex | None = None, catalogue: Catalogue | None = None) -> list[Path]:
    """Make a folder hold exactly what the code says; released versions are never touched.

    Parameters
    ----------
    folder
        Created when it does not exist.
    index
        States to go by; the folder's own index when omitted.
    catalogue
        What the code publishes; everything of this package when omitted.

    Returns
    -------
    list of Path
        Files that were written or removed, sorted.

    Raises
    ------
    ContractFrozen
        When a released version would change, or a version does not say what its change does.
    PlanErrors
        When there are several such reasons.
    """
    source = our_catalogue() if catalogue is None else catalogue
    present = _present(folder)
    known = read_index(folder) if index is None else index
    expected = published_files(known, present, source)
    raise_all(frozen_faults(present, expected, known, source))
    changed = [path for path in sorted({*present, *expected}) if present.get(path) != expected.get(path)]
    for path in changed:
        target = folder / path
        if path in expected:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(expected[path])
        else:
            target.unlink()
    return [folder / path for path in changed]


def release(folder: Path, name: str, catalogue: Catalogue | None = None) -> PublishedFiles:
    """Freeze the present version of a contract.

    Parameters
    ----------
    folder
        `contracts/`; what it holds of the contract must agree with the code.
    name
        The contract.
    catalogue
        What the code publishes; everything of this package when omitted.

    Raises
    ------
    ContractUnknown
        When there is no such contract, or it was never written.
    ContractFrozen
        When it is released already, or what is published is not what the code says.
    """
    source = our_catalogue() if catalogue is None else catalogue
    contract = registered_contract(name, source.contracts)
    index = read_index(folder)
    stale = [each for each in differences(folder, source) if each.path.startswith(f"{contract.folder}/")]
    mend = f"Write it first: {COMMAND} --write {folder}"
    entries = {(entry.contract, entry.version): entry for entry in index.contracts}
    entry = entries.get((contract.name, contract.version))
    if entry is None:
        raise ContractUnknown(
            f"`{name}` {contract.version} is not published in {folder}", subject=name, suggestion=mend
        )
    if entry.state == "released":
        raise ContractFrozen(f"`{name}` {entry.version} is released already", subject=name)
    if stale:
        message = f"{folder / stale[0].path} {stale[0].what}, and would be frozen"
        raise ContractFrozen(message, subject=name, suggestion=mend)
    frozen = PublishedFiles(contract=entry.contract, version=entry.version, state="released", files=entry.files)
    entries[entry.contract, entry.version] = frozen
    write(folder, index=PublishedIndex(contracts=tuple(entries.values()), other=index.other), catalogue=source)
    return frozen


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def check_lines(folder: Path, catalogue: Catalogue | None = None) -> list[str]:
    """Say how a folder, and the copy that ships, differ from the code, and what to do.

    Parameters
    ----------
    folder
        `contracts/`.
    catalogue
        What the code publishes; everything of this package when omitted.

    Returns
    -------
    list of str
        The class of each difference, details, reasons against publishing, and the next command; empty when all is well.
    """
    lines: list[str] = []
    counts = dict.fromkeys(Change, 0)
    for root in copies_of(folder):
        for difference in differences(root, catalogue):
            counts[difference.change] += 1
            lines.append(f"{root / difference.path} {difference.what} ({difference.change.name.lower()})")
            lines.extend(f"  {detail}" for detail in difference.details)
        if root != folder and read_index(root) != read_index(folder):
            lines.append(f"{folder / INDEX} and {root / INDEX} differ")
    refused = faults(folder, catalogue)
    if lines:
        listed = ", ".join(f"{count} {change.name.lower()}" for change, count in counts.items() if count)
        lines += ["", f"{sum(counts.values())} files differ: {listed}." if listed else "The indices differ."]
    if refused:
        lines += ["", *(str(fault) for fault in refused), "Then:"]
    elif lines:
        lines.append("To publish what the code says:")
    return [*lines, f"  {COMMAND} --write {folder}"] if lines else []


def _check(folder: Path) -> int:
    lines = check_lines(folder)
    for line in lines or (f"{folder} and the shipped copy agree with the code.",):
        _say(line)
    return 1 if lines else 0


def write_copies(folder: Path, catalogue: Catalogue | None = None) -> list[Path]:
    """Publish what the code says in a folder and in the copy that ships.

    Each is written twice, and the second time nothing may change.

    Returns
    -------
    list of Path
        Files that were written or removed.

    Raises
    ------
    ContractFrozen, PlanErrors
        As `write`.
    ExportUnstable
        When a second pass gives other bytes than the first.
    """
    changed: list[Path] = []
    for root in copies_of(folder):
        changed += write(root, index=read_index(folder), catalogue=catalogue)
        again = write(root, index=read_index(folder), catalogue=catalogue)
        if again:
            message = f"A second pass gives other bytes for {again[0]}"
            mend = "Make the example or the schema independent of time, order and chance."
            raise ExportUnstable(message, subject=str(again[0]), suggestion=mend)
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 when all is well, 1 when something differs, 2 on an error.
    """
    parser = argparse.ArgumentParser(prog="python -m plan_contracts.schema_export", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="compare; exit code 1 when a file differs")
    action.add_argument("--write", action="store_true", help="write what the code says")
    action.add_argument("--release", metavar="NAME", help="freeze the present version of a contract")
    parser.add_argument("folder", type=Path, help="the folder of published contracts, usually contracts")
    given = parser.parse_args(arguments)
    try:
        if given.check:
            return _check(given.folder)
        if given.release is not None:
            frozen = release(given.folder, given.release)
            _say(f"`{frozen.contract}` {frozen.version} is released; it cannot change any more.")
        changed = write_copies(given.folder)
        _say(f"{given.folder}: {len(changed)} files written or removed, the shipped copy included.")
    except PlanError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
