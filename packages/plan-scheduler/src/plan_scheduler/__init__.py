"""Cost-aware scheduling of task graphs: order, critical path, slack, signatures and forecasts."""

from plan_scheduler.cost_model import CostModel
from plan_scheduler.costs import DEFAULT_SECONDS, estimate_costs
from plan_scheduler.edge_schedule import ArraySchedule, EdgeSchedule, schedule_arrays, schedule_edges
from plan_scheduler.errors import (
    CostMissing,
    CostRefused,
    CycleError,
    DuplicateTask,
    EdgesRefused,
    InputNotAdmitted,
    SchedulerError,
    UnknownTask,
    ViewNotPlanned,
    WorkersRefused,
)
from plan_scheduler.explain import explain
from plan_scheduler.forecast import WORKERS, PredictedTask, forecast, predict
from plan_scheduler.lowering import lower
from plan_scheduler.scheduler import schedule_plan
from plan_scheduler.signature import plan_signatures

__all__ = [
    # schedule a plan
    "lower",
    "plan_signatures",
    "estimate_costs",
    "schedule_plan",
    "CostModel",
    "DEFAULT_SECONDS",
    # schedule foreign graphs
    "schedule_edges",
    "schedule_arrays",
    "EdgeSchedule",
    "ArraySchedule",
    # read a schedule
    "explain",
    "forecast",
    "predict",
    "PredictedTask",
    "WORKERS",
    # errors
    "SchedulerError",
    "CycleError",
    "CostMissing",
    "CostRefused",
    "DuplicateTask",
    "EdgesRefused",
    "InputNotAdmitted",
    "UnknownTask",
    "ViewNotPlanned",
    "WorkersRefused",
]
