"""Writes and checks the published contracts.

`python -m plan_contracts.schema_export --write contracts` writes the folder and the copy that ships in the wheel;
`--check contracts` compares both byte for byte with what the code says; `--release NAME contracts` freezes a version.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from plan_contracts.codec import decode_json, payload_hash
from plan_contracts.compat import Change, Difference, as_schema, compare_schemas, version_after
from plan_contracts.errors import ContractFrozen, ContractUnknown, PlanError
from plan_contracts.publication import PublishedFiles, PublishedIndex
from plan_contracts.published_files import INDEX, published_files
from plan_contracts.registry import registered_contract

SHIPPED = Path(__file__).parent / "published"
"""The copy that ships in the wheel."""


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


def _schema_differences(published: bytes, expected: bytes) -> list[Difference]:
    try:
        return compare_schemas(as_schema(json.loads(published)), as_schema(json.loads(expected)))
    except (ValueError, TypeError):
        return []  # what stands there is no schema, so that there is nothing to classify


def differences(folder: Path) -> list[str]:
    """Compare a folder with what the code says.

    Parameters
    ----------
    folder
        `contracts/`, or the shipped copy.

    Returns
    -------
    list of str
        One line per file that is missing, superfluous or different, sorted by path; empty when all is well. Lines on
        what a difference of a schema does, additive or breaking, follow it, indented.
    """
    present = _present(folder)
    index = read_index(folder)
    expected = published_files(index, present)
    released = {path for entry in index.contracts if entry.state == "released" for path in entry.files}
    lines: list[str] = []
    for path in sorted({*present, *expected, *released}):
        if path not in expected and path in released:
            lines.append(f"{folder / path} differs from what was released")
        elif path not in expected:
            lines.append(f"{folder / path} is not published by any contract")
        elif path not in present:
            lines.append(f"{folder / path} is missing")
        elif present[path] != expected[path]:
            lines.append(f"{folder / path} differs from what the code says")
            if path.endswith("/schema.json"):
                lines.extend(f"  {difference}" for difference in _schema_differences(present[path], expected[path]))
    return lines


def write(folder: Path, *, index: PublishedIndex | None = None) -> list[Path]:
    """Make a folder hold exactly what the code says; released versions are never touched.

    Parameters
    ----------
    folder
        Created when it does not exist.
    index
        States to go by; the folder's own index when omitted.

    Returns
    -------
    list of Path
        Files that were written or removed, sorted.

    Raises
    ------
    ContractFrozen
        When a released version would change.
    """
    present = _present(folder)
    known = read_index(folder) if index is None else index
    expected = published_files(known, present)
    _refuse_frozen_changes(folder, known, expected)
    changed = [path for path in sorted({*present, *expected}) if present.get(path) != expected.get(path)]
    for path in changed:
        target = folder / path
        if path in expected:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(expected[path])
        else:
            target.unlink()
    return [folder / path for path in changed]


def _refuse_frozen_changes(folder: Path, index: PublishedIndex, expected: dict[str, bytes]) -> None:
    for version in index.contracts:
        if version.state != "released":
            continue
        for path, digest in version.files.items():
            if path not in expected or payload_hash(expected[path]) != digest:
                change = _released_change(folder, version, expected)
                raise ContractFrozen(
                    f"{folder / path} is part of `{version.contract}` {version.version}, which is released",
                    subject=version.contract,
                    suggestion=f"Restore the file, or give the contract version {change} in `registry.py`.",
                )


def _released_change(folder: Path, released: PublishedFiles, expected: dict[str, bytes]) -> str:
    """Give the version that the contract of the code should have, to go by the difference of the schemas."""
    schema = f"{released.contract}/{released.version}/schema.json"
    if schema not in expected or not (folder / schema).exists():
        return version_after(released.version, Change.BREAKING)
    found = _schema_differences((folder / schema).read_bytes(), expected[schema])
    worst = max((difference.change for difference in found), default=Change.ADDITIVE)
    return version_after(released.version, worst)


def release(folder: Path, name: str) -> PublishedFiles:
    """Freeze the present version of a contract.

    Parameters
    ----------
    folder
        `contracts/`; it must agree with the code.
    name
        The contract.

    Raises
    ------
    ContractUnknown
        When there is no such contract, or it was never written.
    ContractFrozen
        When it is released already.
    """
    contract = registered_contract(name)
    index = read_index(folder)
    entries = list(index.contracts)
    for position, entry in enumerate(entries):
        if (entry.contract, entry.version) == (contract.name, contract.version):
            if entry.state == "released":
                raise ContractFrozen(f"`{name}` {entry.version} is released already", subject=name)
            frozen = PublishedFiles(contract=entry.contract, version=entry.version, state="released", files=entry.files)
            entries[position] = frozen
            write(folder, index=PublishedIndex(contracts=tuple(entries), other=index.other))
            return frozen
    mend = f"Write it first: python -m plan_contracts.schema_export --write {folder}"
    raise ContractUnknown(f"`{name}` {contract.version} is not published in {folder}", subject=name, suggestion=mend)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _check(folder: Path) -> int:
    lines = [*differences(folder), *differences(SHIPPED)]
    if read_index(folder) != read_index(SHIPPED):
        lines.append(f"{folder / INDEX} and {SHIPPED / INDEX} differ")
    if not lines:
        _say(f"{folder} and the shipped copy agree with the code.")
        return 0
    for line in lines:
        _say(line)
    count = sum(not line.startswith("  ") for line in lines)
    _say(f"\n{count} files differ. To publish what the code says:")
    _say(f"  uv run python -m plan_contracts.schema_export --write {folder}")
    return 1


def _write_both(folder: Path) -> int:
    for root in (folder, SHIPPED):
        changed = write(root, index=read_index(folder))
        again = write(root, index=read_index(folder))
        if again:
            listed = ", ".join(str(path) for path in again)
            _say(f"A second pass wrote other bytes: {listed}. The export is not deterministic.")
            return 1
        _say(f"{root}: {len(changed)} files written or removed.")
    return 0


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
        return _write_both(given.folder)
    except PlanError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
