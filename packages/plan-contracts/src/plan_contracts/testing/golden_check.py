"""Checks goldens from the command line: ours as they ship, and those of contracts of your own.

`python -m plan_contracts.testing.golden_check --shipped` checks every golden in the installed wheel;
`python -m plan_contracts.testing.golden_check my_package.documents:Invoice=contracts/invoice/1.0` a folder of your own.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from plan_contracts.base import Contract
from plan_contracts.errors import ContractUnknown, PlanError
from plan_contracts.registry import CONTRACTS
from plan_contracts.testing.goldens import GoldenMismatch, assert_goldens


def named_contract(name: str) -> type[Contract]:
    """Import a contract.

    Parameters
    ----------
    name
        `module:Type`.

    Raises
    ------
    ContractUnknown
        When there is no such module or type, or the type is no contract.
    """
    module, _, attribute = name.partition(":")
    try:
        found: object = getattr(importlib.import_module(module), attribute, None)
    except ImportError as reason:
        raise ContractUnknown(f"`{module}` cannot be imported: {reason}", subject=name) from reason
    if not (isinstance(found, type) and issubclass(found, Contract)):
        mend = "Write `module:Type`, where the type inherits plan_contracts.Contract."
        raise ContractUnknown(f"`{name}` names no contract", subject=name, suggestion=mend)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 when every golden holds, 1 when one does not, 2 on wrong use.
    """
    parser = argparse.ArgumentParser(prog="python -m plan_contracts.testing.golden_check", description=__doc__)
    parser.add_argument("--shipped", action="store_true", help="check the goldens of plan itself")
    parser.add_argument("goldens", nargs="*", metavar="MODULE:TYPE=FOLDER", help="a contract and its folder")
    given = parser.parse_args(arguments)
    pairs = [text.partition("=") for text in given.goldens]
    checked = 0
    try:
        folders = [(Path(folder), named_contract(name)) for name, _, folder in pairs]
        if given.shipped:
            published = Path(__file__).parents[1] / "published"
            folders += [(published / contract.folder, contract.type) for contract in CONTRACTS]
        if not folders:
            parser.error("name a contract and a folder, or --shipped")
        for folder, contract in folders:
            checked += len(assert_goldens(folder, contract))
    except GoldenMismatch as mismatch:
        sys.stdout.write(f"{mismatch}\n")
        return 1
    except PlanError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{checked} goldens in {len(folders)} folders hold.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
