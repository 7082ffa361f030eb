"""Hostile bytes: every decoder decodes or refuses them, and the harness notices when one does neither."""

import resource
import time

import pytest

from plan_contracts import DocumentRefused
from plan_contracts.golden_cases import ValidCase, valid_cases
from plan_contracts.testing.fuzz import FuzzFailure, broken_inputs, decoder_of, fuzz_decoder, main

CASES = [case for case in valid_cases() if case.name != "smallest"]


@pytest.mark.parametrize("packed", [True, False], ids=["msgpack", "json"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.contract}-{case.name}")
def test_decoder_decodes_or_refuses_broken_bytes(case: ValidCase, packed: bool) -> None:
    inputs = broken_inputs(case.document, packed=packed, count=120, seed=7)
    report = fuzz_decoder(decoder_of(type(case.document), packed=packed), inputs)
    assert report.inputs == 120
    assert 20 < report.refused < 120


def test_hostile_bytes_do_not_blow_up_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    inputs = broken_inputs(CASES[0].document, packed=True, count=3000, seed=1)
    fuzz_decoder(decoder_of(type(CASES[0].document), packed=True), inputs)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_inputs_of_one_seed_are_equal_and_of_two_are_not() -> None:
    first, again, other = (
        list(broken_inputs(CASES[0].document, packed=False, count=20, seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_harness_reports_an_untyped_error_with_its_input() -> None:
    def careless(data: bytes) -> int:
        return data[10_000]

    with pytest.raises(FuzzFailure, match=r"Input 0 of seed 3 raised IndexError.*\n.*abc"):
        fuzz_decoder(careless, iter([b"abc"]), seed=3)


def test_harness_reports_a_decoder_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plan_contracts.testing.fuzz.SLOWEST_SECONDS", 0.01)
    with pytest.raises(FuzzFailure, match="took"):
        fuzz_decoder(lambda data: time.sleep(0.05), iter([b"abc"]))


def test_harness_counts_refusals() -> None:
    def refusing(data: bytes) -> None:
        if data == b"a":
            raise DocumentRefused("no")

    report = fuzz_decoder(refusing, iter([b"a", b"b", b"a"]))
    assert (report.inputs, report.refused) == (3, 2)


def test_command_line_tries_every_decoder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--inputs", "4"]) == 0
    printed = capsys.readouterr().out
    assert "task_request view MessagePack: 1 inputs" in printed
    assert "Every input was decoded or refused" in printed
