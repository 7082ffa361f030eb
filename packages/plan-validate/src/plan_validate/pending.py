"""The checks that a plan leaves to its data."""

from plan_contracts import CompiledProject, DataCheck
from plan_validate.rules.contracts import check_contract


def pending_checks(compiled: CompiledProject) -> dict[str, tuple[DataCheck, ...]]:
    """Give, by dataset and view, the checks that evidence has not made superfluous and that can be run.

    Parameters
    ----------
    compiled
        Evidence with the declared contracts, and every check that there is.
    """
    entries = compiled.evidence.entries
    found = {
        name: check_contract(entries[name], checks).pending
        for name, checks in sorted(compiled.checks.items())
        if name in entries
    }
    return {name: checks for name, checks in found.items() if checks}
