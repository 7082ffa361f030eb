"""Cost-aware scheduling of task graphs: order, critical path, slack, signatures and forecasts."""

from plan_scheduler.calibration import Calibration, calibration
from plan_scheduler.cost_fit import fit_cost_model
from plan_scheduler.cost_model import CostModel, expected_rows_in
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
    SelectionRefused,
    UnknownTask,
    ViewNotPlanned,
    WorkersRefused,
)
from plan_scheduler.explain import explain
from plan_scheduler.forecast import WORKERS, PredictedTask, RoutedForecast, forecast, forecast_routed, predict
from plan_scheduler.impact import Provenance, impacted, provenance
from plan_scheduler.lowering import lower
from plan_scheduler.scheduler import schedule_plan
from plan_scheduler.selection import select, with_inputs
from plan_scheduler.signature import plan_signatures

__all__ = [
    # schedule a plan
    "lower",
    "plan_signatures",
    "estimate_costs",
    "schedule_plan",
    "CostModel",
    "expected_rows_in",
    "fit_cost_model",
    "calibration",
    "Calibration",
    "DEFAULT_SECONDS",
    # schedule foreign graphs
    "schedule_edges",
    "schedule_arrays",
    "EdgeSchedule",
    "ArraySchedule",
    # read a schedule
    "explain",
    "forecast",
    "forecast_routed",
    "RoutedForecast",
    "predict",
    "PredictedTask",
    "WORKERS",
    # ask the graph
    "impacted",
    "provenance",
    "Provenance",
    "select",
    "with_inputs",
    # errors
    "SchedulerError",
    "CycleError",
    "CostMissing",
    "CostRefused",
    "DuplicateTask",
    "EdgesRefused",
    "InputNotAdmitted",
    "SelectionRefused",
    "UnknownTask",
    "ViewNotPlanned",
    "WorkersRefused",
]
