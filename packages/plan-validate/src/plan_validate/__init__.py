"""Validation of transformation graphs: a verdict on each edge, and who may run."""

from plan_validate.admission import admit, fault_of
from plan_validate.drift import FAR_OFF, find_drift
from plan_validate.errors import GraphRefused, ValidateError
from plan_validate.pending import pending_checks
from plan_validate.validator import validate_graph, validate_plan

__all__ = [
    # judge
    "validate_plan",
    "validate_graph",
    # decide
    "pending_checks",
    "admit",
    "fault_of",
    # compare
    "find_drift",
    "FAR_OFF",
    # errors
    "ValidateError",
    "GraphRefused",
]
