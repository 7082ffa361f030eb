"""Hostile bytes: every decoder decodes or refuses them, and the harness notices when one does neither."""

import resource
import subprocess
import sys
import time
import tracemalloc
from itertools import count, islice

import pytest

from plan_contracts import CostTable, DocumentRefused, decode_json, decode_msgpack
from plan_contracts.golden_cases import ValidCase, valid_cases
from plan_contracts.registry import CONTRACTS
from plan_contracts.testing.fuzz import FuzzFailure, fuzz_decoder, main
from plan_contracts.testing.fuzz_inputs import broken_inputs, broken_texts, swollen_inputs
from plan_contracts.testing.fuzz_targets import FuzzTarget, decoder_of, fuzz_targets

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
    def busy(data: bytes) -> None:
        end = time.thread_time() + 0.03
        while time.thread_time() < end:
            pass

    monkeypatch.setattr("plan_contracts.testing.fuzz.SLOWEST_SECONDS", 0.01)
    with pytest.raises(FuzzFailure, match="took"):
        fuzz_decoder(busy, iter([b"abc"]))


def test_harness_counts_refusals() -> None:
    def refusing(data: bytes) -> None:
        if data == b"a":
            raise DocumentRefused("no")

    report = fuzz_decoder(refusing, iter([b"a", b"b", b"a"]))
    assert (report.inputs, report.refused) == (3, 2)


OTHERS = [target for target in fuzz_targets() if " in " not in target.name]


@pytest.mark.parametrize("target", OTHERS, ids=lambda target: target.name)
def test_reader_of_texts_and_files_reads_or_refuses_broken_bytes(target: FuzzTarget) -> None:
    report = fuzz_decoder(target.decode, islice(target.inputs(500, 3), 400), errors=target.errors)
    assert report.inputs > 100


def test_broken_texts_of_one_seed_are_equal() -> None:
    first, again = (list(broken_texts(["a = 1"], count=20, seed=1)) for _ in range(2))
    assert first == again
    assert len(set(first)) > 5


@pytest.mark.parametrize("packed", [True, False], ids=["msgpack", "json"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.contract}-{case.name}")
def test_swollen_document_takes_at_most_64_times_its_size(case: ValidCase, packed: bool) -> None:
    decode = decode_msgpack if packed else decode_json
    for data in swollen_inputs(case.document, packed=packed, copies=500):
        tracemalloc.start()
        try:
            decode(data, type(case.document))
        except DocumentRefused:
            pass
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert peak < 64 * len(data) + 20_000, (len(data), peak, data[:80])


def test_document_above_the_limit_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plan_contracts.codec.MAX_DOCUMENT_BYTES", 10)
    for decode in (decode_json, decode_msgpack):
        with pytest.raises(DocumentRefused, match="has 11 bytes, more than the 10 that are read"):
            decode(b"x" * 11, CostTable)


def test_command_line_tries_every_decoder_within_limited_memory() -> None:
    command = [sys.executable, "-m", "plan_contracts.testing.fuzz", "--inputs", "4", "--seconds", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    for contract in CONTRACTS:
        for encoding in ("MessagePack", "JSON"):
            assert f"{contract.name} in {encoding}: " in done.stdout
    assert "in 1 rounds" in done.stdout
    assert "Every input was decoded or refused" in done.stdout


def test_command_line_goes_on_with_other_inputs_until_the_time_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--inputs", "1", "--seconds", "40"], clock=count().__next__) == 0
    assert "in 2 rounds" in capsys.readouterr().out
