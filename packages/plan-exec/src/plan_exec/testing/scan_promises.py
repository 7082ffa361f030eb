"""What a scan in units can rely on, whatever executor they run on."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from plan_contracts import ScanUnitFinished, TaskRetried, TaskStatus
from plan_contracts.testing import RecordingSink
from plan_exec.testing.plan_promises import PlanPromises
from plan_exec.testing.scenarios import scenario
from plan_exec.testing.scripted_runtime import calls_of


class ScanPromises(PlanPromises):
    """Lets the dispatcher expand scans into units on the executor."""

    @pytest.mark.timeout(120)
    @pytest.mark.parametrize("units", [0, 1, 60])
    def test_scan_of_any_number_of_units_gives_its_reader_all_of_them_in_order(
        self, units: int, tmp_path: Path
    ) -> None:
        sink = RecordingSink()
        planned = scenario("d -> v", tmp_path, scans={"d": units})

        report = self.run(planned, sink=sink)

        assert {outcome.status for outcome in report.outcomes} == {TaskStatus.SUCCEEDED}
        keys = [f"{index:04}" for index in range(units)] or ["none"]
        calls = calls_of(tmp_path)
        assert sorted((call.unit or "") for call in calls if call.task == "d") == keys
        assert sorted(event.unit for event in sink.of_type(ScanUnitFinished)) == keys
        (reader,) = [call for call in calls if call.task == "v"]
        assert reader.missing == ()
        assert [_key_in(place) for place in reader.places["d"]] == keys

    @pytest.mark.timeout(120)
    def test_scan_unit_that_fails_twice_is_tried_again_alone(self, tmp_path: Path) -> None:
        sink = RecordingSink()
        planned = scenario("d -> v", tmp_path, scans={"d": 5}, scripts={"d": "unit 0003 twice blink"})

        report = self.run(planned, attempts=3, sink=sink)

        assert {outcome.status for outcome in report.outcomes} == {TaskStatus.SUCCEEDED}
        tries = Counter(call.unit for call in calls_of(tmp_path) if call.task == "d")
        assert tries == {"0000": 1, "0001": 1, "0002": 1, "0003": 3, "0004": 1}
        retried = sink.of_type(TaskRetried)
        assert [(event.task, event.unit, event.attempt) for event in retried] == [("d", "0003", 1), ("d", "0003", 2)]
        assert all(event.worker for event in [*retried, *sink.of_type(ScanUnitFinished)])

    @pytest.mark.timeout(120)
    def test_scan_with_a_unit_that_fails_for_good_fails_and_leaves_the_others_alone(self, tmp_path: Path) -> None:
        planned = scenario("d -> v; e -> w", tmp_path, scans={"d": 4, "e": 3}, scripts={"d": "unit 0001 fail"})

        report = self.run(planned)

        assert {outcome.task: outcome.status.value for outcome in report.outcomes} == {
            "d": "failed",
            "v": "skipped",
            "e": "succeeded",
            "w": "succeeded",
        }

    @pytest.mark.timeout(120)
    def test_scan_again_runs_only_the_units_that_were_not_kept(self, tmp_path: Path) -> None:
        failing = scenario("d -> v", tmp_path / "first", scans={"d": 4}, scripts={"d": "unit 0003 fail"})
        mended = scenario("d -> v", tmp_path / "second", scans={"d": 4})
        first = self.run(failing, 1)
        sink = RecordingSink()

        second = self.run(replace(mended, committer=failing.committer), 1, sink=sink)

        assert [outcome.status.value for outcome in first.outcomes] == ["failed", "skipped"]
        assert [outcome.status.value for outcome in second.outcomes] == ["succeeded", "succeeded"]
        assert [call.unit for call in calls_of(tmp_path / "second") if call.task == "d"] == ["0003"]
        ends = {event.unit: event.status.value for event in sink.of_type(ScanUnitFinished)}
        assert ends == {"0000": "reused", "0001": "reused", "0002": "reused", "0003": "succeeded"}


def _key_in(place: str) -> str:
    """Read which unit wrote the file, or the result in memory."""
    if place.startswith("memory:"):
        return place.rpartition("/")[2]
    return Path(place).read_text().splitlines()[1]
