"""All golden cases, in the order of the registry."""

from plan_contracts.golden_cases import (
    data,
    errors,
    events,
    execution,
    graphs,
    project,
    publication,
    schedules,
    store_records,
    validation,
    views,
)
from plan_contracts.golden_cases.case import InvalidCase, ValidCase

_FAMILIES = (project, data, graphs, schedules, validation, execution, events, errors, store_records, publication, views)


def valid_cases() -> tuple[ValidCase, ...]:
    """Give every document that decodes, sorted by contract and name."""
    cases = [case for family in _FAMILIES for case in family.VALID]
    return tuple(sorted(cases, key=lambda case: (case.contract, case.name)))


def invalid_cases() -> tuple[InvalidCase, ...]:
    """Give every document that must be refused, sorted by contract and name."""
    cases = [case for family in _FAMILIES for case in family.INVALID]
    return tuple(sorted(cases, key=lambda case: (case.contract, case.name)))
