"""From a schedule to an invoice."""

from collections.abc import Mapping
from typing import ClassVar

from billing.documents import Invoice, InvoiceLine
from plan_contracts import Clock, EventSink, PlanError, PlanScheduleArtifact, RunFailed, nearest

TARIFFS: Mapping[str, int] = {"day": 360, "night": 180}
"""Cents per hour."""


class UnknownTariff(PlanError, LookupError):
    """There is no such tariff: name one of those that the message lists."""

    code: ClassVar[str] = "unknown_tariff"
    stage: ClassVar[str] = "billing"


def price(schedule: PlanScheduleArtifact, tariff: str, *, sink: EventSink, clock: Clock) -> Invoice:
    """Price every task of a schedule; by night when the clock says so and the tariff is `now`.

    Raises
    ------
    UnknownTariff
        When there is no such tariff; the sink hears of it, too.
    """
    chosen = tariff if tariff != "now" else "night" if clock.unix_ms() % 86_400_000 < 21_600_000 else "day"
    if chosen not in TARIFFS:
        mend = f"Did you mean `{nearest(tariff, TARIFFS)}`?"
        error = UnknownTariff(f"There is no tariff `{tariff}`", subject=tariff, suggestion=mend)
        sink.emit(RunFailed(errors=(error.payload(),)))
        raise error
    lines = tuple(
        InvoiceLine(task=task, cents=round(schedule.task_costs[task] * TARIFFS[chosen] / 3600))
        for task in schedule.ordered_tasks
    )
    return Invoice(
        plan_signature=schedule.plan_signature, tariff=chosen, lines=lines, total=sum(line.cents for line in lines)
    )
