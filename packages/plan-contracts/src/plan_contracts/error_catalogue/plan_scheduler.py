"""Errors of plan-scheduler."""

from plan_contracts.error_catalogue.entry import ErrorCode, entry
from plan_contracts.errors_payload import SubjectKind

SCHEDULER_CODES: tuple[ErrorCode, ...] = (
    entry(
        "cost_missing",
        "plan_scheduler",
        "scheduler",
        2,
        "A task has no cost: give one, also when it is a guess; 0 is allowed.",
        subject=SubjectKind.TASK,
    ),
    entry(
        "cost_refused",
        "plan_scheduler",
        "scheduler",
        2,
        "A cost is negative, not a number or infinite, or all together are too long to be counted exactly.",
        subject=SubjectKind.TASK,
    ),
    entry(
        "duplicate_task",
        "plan_scheduler",
        "scheduler",
        2,
        "Two tasks bear the same name: rename one of them.",
        subject=SubjectKind.TASK,
    ),
    entry(
        "edges_refused",
        "plan_scheduler",
        "scheduler",
        2,
        "Arrays of costs or edges have the wrong shape, type or range.",
    ),
    entry(
        "input_not_admitted",
        "plan_scheduler",
        "scheduler",
        3,
        "A view is admitted and an input of it is not: admit the input too, or hold both.",
        subject=SubjectKind.VIEW,
    ),
    entry(
        "plan_cycle",
        "plan_scheduler",
        "scheduler",
        3,
        "Tasks wait for each other. Remove one of the edges that the message lists in order.",
        subject=SubjectKind.TASK,
        related="the tasks of the cycle, each once, in order; the last one is read by the first",
    ),
    entry(
        "selection_refused",
        "plan_scheduler",
        "scheduler",
        2,
        "A selection expression is malformed or names nothing that exists; the message points at the place.",
        subject=SubjectKind.EXPRESSION,
    ),
    entry(
        "unknown_task",
        "plan_scheduler",
        "scheduler",
        2,
        "An edge, a cost or a question names a task that is not among the tasks: correct the name or add the task.",
        subject=SubjectKind.TASK,
    ),
    entry(
        "view_not_planned",
        "plan_scheduler",
        "scheduler",
        3,
        "A view is to be lowered that has no definition, because it did not plan: mend it, or leave it out.",
        subject=SubjectKind.VIEW,
    ),
    entry(
        "workers_refused",
        "plan_scheduler",
        "scheduler",
        2,
        "A forecast was asked for fewer than one worker.",
        subject=SubjectKind.TASK,
    ),
)
"""Sorted by code."""
