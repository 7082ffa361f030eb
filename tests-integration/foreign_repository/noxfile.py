# /// script
# dependencies = ["nox", "plan-contracts[testing] @ WHEEL"]
# ///
"""Checks of this repository; start them with `nox --script-mode=fresh`, which brings what the header names."""

import nox

from plan_contracts.testing.nox_sessions import contract_goldens

PLAN_CONTRACTS = "plan-contracts[testing] @ WHEEL"

contract_goldens({"billing.documents:Invoice": "contracts/invoice/1.0"}, plan_contracts=PLAN_CONTRACTS)


@nox.session
def tests(session: nox.Session) -> None:
    """Test documents and pricing with the kit of plan-contracts."""
    session.install(PLAN_CONTRACTS, ".", "pytest>=8.3")
    session.run("pytest", "-q", *session.posargs)
