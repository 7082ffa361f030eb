"""Why a graph cannot be judged at all."""

from plan_contracts import PlanError, SubjectKind


class ValidateError(PlanError):
    """A graph cannot be judged; what is wrong with the user's plan is a finding instead, never an error."""

    code = "validate_error"
    stage = "validate"


class GraphRefused(ValidateError, ValueError):
    """The graph contradicts itself: two nodes of one name, an edge between unknown nodes or into a dataset."""

    code = "graph_refused"
    subject_kind = SubjectKind.NODE
