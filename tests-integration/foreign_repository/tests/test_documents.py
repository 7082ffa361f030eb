"""The contract: its examples, and what must hold for every document."""

from pathlib import Path

import pytest
from billing import Invoice
from hypothesis import given

from plan_contracts import artifact_id, decode_json, decode_msgpack, encode_json, encode_msgpack
from plan_contracts.testing import GoldenMismatch, assert_goldens
from plan_contracts.testing.strategies import contracts

GOLDENS = Path(__file__).parents[1] / "contracts" / "invoice" / "1.0"


def test_examples_hold() -> None:
    assert set(assert_goldens(GOLDENS, Invoice)) == {"two_tasks"}


def test_edited_example_is_named(tmp_path: Path) -> None:
    (tmp_path / "two_tasks.json").write_bytes((GOLDENS / "two_tasks.json").read_bytes().replace(b"12", b"13"))
    (tmp_path / "two_tasks.msgpack").write_bytes((GOLDENS / "two_tasks.msgpack").read_bytes())
    with pytest.raises(GoldenMismatch, match=r"two_tasks\.msgpack: it is not what two_tasks\.json encodes to"):
        assert_goldens(tmp_path, Invoice)


@given(contracts(Invoice))
def test_every_invoice_survives_both_encodings(invoice: Invoice) -> None:
    assert decode_json(encode_json(invoice), Invoice) == invoice
    assert decode_msgpack(encode_msgpack(invoice), Invoice) == invoice
    assert len(artifact_id(invoice)) == 64
