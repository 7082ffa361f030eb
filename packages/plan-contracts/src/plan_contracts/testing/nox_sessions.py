"""A session for the noxfile of another repository; needs the extra `testing`.

A noxfile runs in nox's own environment. This header, as its first lines, brings this module there when nox is started
as `nox --script-mode=fresh`::

    # /// script
    # dependencies = ["nox", "plan-contracts[testing]"]
    # ///
"""

from collections.abc import Mapping, Sequence

import nox


def contract_goldens(
    own: Mapping[str, str] | None = None,
    *,
    install: Sequence[str] = (".",),
    plan_contracts: str = "plan-contracts",
    name: str = "contract-goldens",
) -> None:
    """Register a session that checks the goldens of `plan` as installed, and those of your own contracts.

    Parameters
    ----------
    own
        Folder by contract, as `{"my_package.documents:Invoice": "contracts/invoice/1.0"}`.
    install
        What the session installs so that your contracts can be imported.
    plan_contracts
        The requirement with which `plan-contracts` is installed: a version, a wheel or a URL.
    name
        The session's name.

    Examples
    --------
    >>> contract_goldens({"my_package.documents:Invoice": "contracts/invoice/1.0"})
    """
    goldens = [f"{contract}={folder}" for contract, folder in (own or {}).items()]

    def check(session: nox.Session) -> None:
        session.install(plan_contracts, *install)
        session.run("python", "-m", "plan_contracts.testing.golden_check", "--shipped", *goldens)

    check.__doc__ = "Check the goldens of plan and of this repository's own contracts."
    nox.session(name=name)(check)
