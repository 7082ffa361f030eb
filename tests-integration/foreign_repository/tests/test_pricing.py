"""Pricing, with a schedule from a golden and graphs, clocks and sinks from the kit."""

from importlib.resources import files

import pytest
from billing import UnknownTariff, price

from plan_contracts import PlanScheduleArtifact, RunFailed, decode_json
from plan_contracts.testing import FakeClock, FakeHistory, RecordingSink, evidence_catalog, graph, task_graph

PUBLISHED = files("plan_contracts") / "published" / "plan_schedule_artifact" / "1.0"
SCHEDULE = decode_json((PUBLISHED / "diamond.json").read_bytes(), PlanScheduleArtifact)


def test_every_task_has_its_price() -> None:
    invoice = price(SCHEDULE, "day", sink=RecordingSink(), clock=FakeClock())
    assert [line.task for line in invoice.lines] == list(SCHEDULE.ordered_tasks)
    assert invoice.total == sum(line.cents for line in invoice.lines)


def test_tariff_follows_the_clock() -> None:
    night, day = FakeClock(0), FakeClock(12 * 3_600_000)
    assert price(SCHEDULE, "now", sink=RecordingSink(), clock=night).tariff == "night"
    assert price(SCHEDULE, "now", sink=RecordingSink(), clock=day).tariff == "day"


def test_unknown_tariff_is_told_to_caller_and_sink() -> None:
    sink = RecordingSink()
    with pytest.raises(UnknownTariff, match="There is no tariff `nigt`"):
        price(SCHEDULE, "nigt", sink=sink, clock=FakeClock())
    (failed,) = sink.of_type(RunFailed)
    assert failed.errors[0].suggestion == "Did you mean `night`?"


def test_kit_makes_graphs_catalogs_and_histories() -> None:
    plan = graph("a -> b -> c; a -> c", requires={("a", "b"): {"x": "int64"}})
    assert [(edge.producer, edge.consumer) for edge in plan.edges] == [("a", "b"), ("a", "c"), ("b", "c")]
    catalog = evidence_catalog({"a": {"x": "bigint"}}, rows={"a": 10})
    assert catalog.entries["a"].columns[0].type == "int64"
    assert task_graph("a -> b", costs={"a": 2.0}).tasks[0].declared_cost == 2.0
    assert FakeHistory().past_entries(10) == {}
