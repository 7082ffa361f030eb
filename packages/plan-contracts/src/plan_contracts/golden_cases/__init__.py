"""Named example documents of every contract, valid and not; `contracts/` is written from them."""

from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.golden_cases.catalogue import invalid_cases, valid_cases

__all__ = ["InvalidCase", "ValidCase", "altered", "invalid_cases", "valid_cases", "without"]
