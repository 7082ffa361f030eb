"""Golden cases of costs, history and the schedule: a diamond in which one branch is dear."""

from plan_contracts.costs import CostSource, CostTable, TaskCost
from plan_contracts.golden_cases.case import InvalidCase, ValidCase, altered, without
from plan_contracts.history import TaskHistory, TaskHistoryEntry
from plan_contracts.schedule import MakespanForecast, PlanScheduleArtifact, PlanSignatures

RUN_ID = "20260102T030405.678-0a1b2c3d"
SIGNATURE = "a1" * 32
REDUCED_SIGNATURE = "b2" * 32

COSTS = CostTable(
    costs={
        "extract": TaskCost(seconds=1.0, source=CostSource.HISTORY, expected_relative_error=0.1),
        "dear": TaskCost(seconds=4.0, source=CostSource.DECLARED),
        "cheap": TaskCost(seconds=0.5, source=CostSource.STATISTICS),
        "report": TaskCost(seconds=0.0, source=CostSource.DEFAULT),
    }
)

HISTORY = TaskHistory(
    run_id=RUN_ID,
    ended_at_unix_ms=1767323050000,
    machine="linux-x86_64-2",
    entries=(
        TaskHistoryEntry(
            task="extract",
            definition="3f" * 32,
            seconds=1.25,
            cpu_seconds=1.0,
            rows_in=1500,
            bytes_read=40960,
            rows_out=1500,
        ),
    ),
)

SIGNATURES = PlanSignatures(plan_signature=SIGNATURE, reduced_plan_signature=REDUCED_SIGNATURE)

DIAMOND = PlanScheduleArtifact(
    run_id=RUN_ID,
    plan_signature=SIGNATURE,
    reduced_plan_signature=REDUCED_SIGNATURE,
    task_count=4,
    ordered_tasks=("extract", "dear", "cheap", "report"),
    generations=(("extract",), ("dear", "cheap"), ("report",)),
    critical_path_tasks=("extract", "dear", "report"),
    critical_path_length_weighted=5.0,
    task_costs={"extract": 1.0, "dear": 4.0, "cheap": 0.5, "report": 0.0},
    cost_sources={
        "extract": CostSource.HISTORY,
        "dear": CostSource.DECLARED,
        "cheap": CostSource.STATISTICS,
        "report": CostSource.DEFAULT,
    },
    cost_table_id="c3" * 32,
    bottom_level_costs={"extract": 5.0, "dear": 4.0, "cheap": 0.5, "report": 0.0},
    earliest_start={"extract": 0.0, "dear": 1.0, "cheap": 1.0, "report": 5.0},
    slack_by_task={"extract": 0.0, "dear": 0.0, "cheap": 3.5, "report": 0.0},
    views_by_task={"extract": ("extract",), "dear": ("dear",), "cheap": ("cheap",), "report": ("report",)},
    articulation_tasks=(),
    forecasts=(
        MakespanForecast(workers=1, makespan_seconds=5.5, lower_bound_seconds=5.5, utilisation=1.0),
        MakespanForecast(workers=2, makespan_seconds=5.0, lower_bound_seconds=5.0, utilisation=0.55),
    ),
)

NOTHING = PlanScheduleArtifact(
    run_id=RUN_ID,
    plan_signature=SIGNATURE,
    reduced_plan_signature=SIGNATURE,
    reduction_skipped="the graph has more than 200000 edges",
    task_count=0,
    ordered_tasks=(),
    generations=(),
    critical_path_tasks=(),
    critical_path_length_weighted=0.0,
    task_costs={},
    cost_sources={},
    cost_table_id="c3" * 32,
    bottom_level_costs={},
    earliest_start={},
    slack_by_task={},
    views_by_task={},
    left_out={"report": "held: it reads `orders`, which lacks the column `amount`"},
)

VALID = (
    ValidCase("cost_table", "every_source", COSTS),
    ValidCase("task_history", "one_task", HISTORY),
    ValidCase("plan_signatures", "reduced", SIGNATURES),
    ValidCase("plan_schedule_artifact", "diamond", DIAMOND),
    ValidCase("plan_schedule_artifact", "everything_held", NOTHING),
)

INVALID = (
    InvalidCase("cost_table", "negative_cost", altered(COSTS, "costs.dear.seconds", -4.0)),
    InvalidCase("task_history", "short_definition", altered(HISTORY, "entries.0.definition", "3f")),
    InvalidCase("plan_signatures", "upper_case_digest", altered(SIGNATURES, "plan_signature", "A1" * 32)),
    InvalidCase("plan_schedule_artifact", "unknown_cost_source", altered(DIAMOND, "cost_sources.dear", "guess")),
    InvalidCase("plan_schedule_artifact", "utilisation_over_one", altered(DIAMOND, "forecasts.0.utilisation", 1.5)),
    InvalidCase("plan_schedule_artifact", "without_order", without(DIAMOND, "ordered_tasks")),
)
