"""Everything that takes bytes from elsewhere, with an endless supply of broken ones for it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from plan_contracts.arrow_types import canonical_type
from plan_contracts.base import Contract
from plan_contracts.codec import decode_json, decode_msgpack, encode_msgpack
from plan_contracts.errors import DocumentRefused, PlanError
from plan_contracts.event_codec import decode_event
from plan_contracts.events import Envelope
from plan_contracts.golden_cases import ValidCase, valid_cases
from plan_contracts.project_file import parse_project_file
from plan_contracts.recognition import check_document
from plan_contracts.registry import CONTRACTS
from plan_contracts.testing.fuzz_inputs import broken_inputs, broken_texts, swollen_inputs

SWOLLEN_COPIES = 20_000
"""Entries of a swollen list or map."""

SWOLLEN_SHARE = 20
"""One of so many swollen documents is tried in a round, because each takes as long as a thousand others."""

_PROJECT = """\
[project]
name = "shop"
views = "views"
outputs = "out"
[datasets.orders]
path = "data/orders/*.parquet"
contract = { columns = { order_id = "int64", amount = "decimal(12,2)" }, not_null = ["order_id"] }
[views.daily_revenue]
materialize = "table"
cost = 3.5
tags = ["mart"]
[execution.executor]
kind = "multiprocessing"
max_tasks = 4
[profiles.prod]
outputs = "s3://bucket/out"
"""
_TYPES = (
    'struct<a: list<int64>, "b c": map<string, decimal(12, 2)>>',
    "Dictionary(Int32, Utf8)",
    'Timestamp(us, "Europe/Berlin")',
    "list<item: decimal128(12, 2) not null>",
    'Struct([Field { name: "a", data_type: Int32, nullable: true, dict_id: 0, metadata: {} }])',
    "varchar(20)[]",
    "interval(month_day_nano)",
)

Inputs = Callable[[int, int], Iterator[bytes]]
"""Gives broken bytes, by how many at least and by seed."""


@dataclass(frozen=True)
class FuzzTarget:
    """A function that takes bytes from elsewhere."""

    name: str
    """What it decodes, and from what."""
    decode: Callable[[bytes], object]
    """Gives something, or raises one of the errors."""
    inputs: Inputs
    """What to feed it."""
    errors: type[PlanError] = DocumentRefused
    """What it may raise."""


def decoder_of(contract: type[Contract], *, packed: bool) -> Callable[[bytes], object]:
    """Give the function that decodes a contract; events in MessagePack go through `decode_event` as well."""

    def decode(data: bytes) -> None:
        if packed:
            if issubclass(contract, Envelope):
                decode_event(data)
            decode_msgpack(data, contract)
        else:
            decode_json(data, contract)

    return decode


def _of_cases(cases: Sequence[ValidCase], *, packed: bool) -> Inputs:
    def inputs(count: int, seed: int) -> Iterator[bytes]:
        for case in cases:
            share = -(-count // len(cases))
            yield from broken_inputs(case.document, packed=packed, count=share, seed=seed)

    return inputs


def _of_texts(texts: Sequence[str]) -> Inputs:
    return lambda count, seed: broken_texts(texts, count=count, seed=seed)


def fuzz_targets() -> list[FuzzTarget]:
    """Give every decoder of every contract, in both encodings, and everything else that reads what others wrote."""
    cases = valid_cases()
    targets: list[FuzzTarget] = []
    for contract in CONTRACTS:
        own = [case for case in cases if case.contract == contract.name]
        for packed, encoding in ((True, "MessagePack"), (False, "JSON")):
            decode = decoder_of(contract.type, packed=packed)
            targets.append(FuzzTarget(f"{contract.name} in {encoding}", decode, _of_cases(own, packed=packed)))
    return [
        *targets,
        FuzzTarget("swollen documents", _check_document, _swollen(cases)),
        FuzzTarget("files of unknown origin", _check_document, _of_cases(cases, packed=True)),
        FuzzTarget("project files", _decode_project, _of_texts([_PROJECT]), PlanError),
        FuzzTarget("column types", _decode_type, _of_texts(_TYPES), PlanError),
    ]


def _swollen(cases: Sequence[ValidCase]) -> Inputs:
    """Give a part of all swollen documents; the seed says which part, and in which encoding."""

    def inputs(count: int, seed: int) -> Iterator[bytes]:
        copies = min(count, SWOLLEN_COPIES)
        for case in cases:
            yield from swollen_inputs(
                case.document, packed=seed % 2 == 0, copies=copies, every=SWOLLEN_SHARE, first=seed % SWOLLEN_SHARE
            )

    return inputs


def _check_document(data: bytes) -> None:
    check_document(data, "x")


def _decode_project(data: bytes) -> None:
    encode_msgpack(parse_project_file(data.decode(errors="replace")))


def _decode_type(data: bytes) -> None:
    canonical_type(data.decode(errors="replace"))
