"""Why a graph cannot be scheduled."""

from collections.abc import Sequence

from plan_contracts import PlanError, SubjectKind


class SchedulerError(PlanError):
    """A graph, a cost or a view cannot be scheduled; each subclass says which and what to do."""

    code = "scheduler_error"
    stage = "scheduler"


class CycleError(SchedulerError, ValueError):
    """Tasks wait for each other. Remove one of the edges that the message lists in order.

    Parameters
    ----------
    cycle
        The tasks of the cycle in order, each once; the last one is read by the first.
    """

    code = "plan_cycle"
    subject_kind = SubjectKind.TASK
    related_names = "the tasks of the cycle, each once, in order; the last one is read by the first"
    exit_code = 3

    def __init__(self, cycle: Sequence[str]) -> None:
        closed = " -> ".join((*cycle, cycle[0]))
        super().__init__(
            f"The graph has a cycle: {closed}",
            subject=cycle[0],
            related=cycle,
            suggestion="Remove one of these edges: no task of a cycle can run before the others.",
        )
        self.cycle: tuple[str, ...] = tuple(cycle)


class UnknownTask(SchedulerError, LookupError):
    """An edge, a cost or a question names a task that is not among the tasks: correct the name or add the task."""

    code = "unknown_task"
    subject_kind = SubjectKind.TASK


class DuplicateTask(SchedulerError, ValueError):
    """Two tasks bear the same name: rename one of them."""

    code = "duplicate_task"
    subject_kind = SubjectKind.TASK


class CostRefused(SchedulerError, ValueError):
    """A cost is negative, not a number or infinite, or all together are too long to be counted exactly."""

    code = "cost_refused"
    subject_kind = SubjectKind.TASK


class CostMissing(SchedulerError, LookupError):
    """A task has no cost: give one, also when it is a guess; 0 is allowed."""

    code = "cost_missing"
    subject_kind = SubjectKind.TASK


class EdgesRefused(SchedulerError, ValueError):
    """Arrays of costs or edges have the wrong shape, type or range."""

    code = "edges_refused"


class ViewNotPlanned(SchedulerError, ValueError):
    """A view is to be lowered that has no definition, because it did not plan: mend it, or leave it out."""

    code = "view_not_planned"
    subject_kind = SubjectKind.VIEW
    exit_code = 3


class InputNotAdmitted(SchedulerError, ValueError):
    """A view is admitted and an input of it is not: admit the input too, or hold both."""

    code = "input_not_admitted"
    subject_kind = SubjectKind.VIEW
    exit_code = 3


class WorkersRefused(SchedulerError, ValueError):
    """A forecast was asked for fewer than one worker."""

    code = "workers_refused"
    subject_kind = SubjectKind.TASK


class SelectionRefused(SchedulerError, ValueError):
    """A selection expression is malformed or names nothing that exists; the message points at the place."""

    code = "selection_refused"
    subject_kind = SubjectKind.EXPRESSION
