"""Throws broken bytes at decoders: they may refuse or decode, and nothing else.

`python -m plan_contracts.testing.fuzz --inputs 20000` tries that many on each decoder of each contract. Inputs are
made from the published examples by structure-aware edits, so that most of them get past the first byte. The same
seed gives the same inputs.
"""

import argparse
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import msgspec

from plan_contracts.base import Contract
from plan_contracts.codec import decode_json, decode_msgpack, encode_json, encode_msgpack
from plan_contracts.errors import DocumentRefused
from plan_contracts.event_codec import decode_event
from plan_contracts.events import Envelope

SLOWEST_SECONDS = 5.0
"""A decoder that takes longer for one small input counts as hung."""

_SPECIAL = (
    0x00,
    0x7F,
    0x80,
    0x8F,
    0x90,
    0x9F,
    0xA0,
    0xBF,
    0xC0,
    0xC1,
    0xC4,
    0xC6,
    0xC7,
    0xCB,
    0xCF,
    0xD9,
    0xDB,
    0xDD,
    0xDF,
    0xFF,
)
_LIES = (b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\x7f\xff\xff\xff", b"\xc6\xff\xff\xff\xff")
_JSON_PIECES = (
    b"[",
    b"{",
    b'"',
    b"null",
    b"1e999",
    b"-0",
    b"NaN",
    b'{"kind":',
    b"\\ud800",
    b"99999999999999999999",
    b"[" * 5000,
)
_NESTED: list[object] = [[[]]]
_EMPTY: list[object] = []
_TAGGED: dict[str, object] = {"kind": "x"}
_WRONG: tuple[object, ...] = (
    *(None, True, -1, 2**63, 1.5, -0.0, "", "../x", "a" * 300, b"\x00"),
    *(_EMPTY, _NESTED, _TAGGED),
)


class FuzzFailure(AssertionError):
    """A decoder did something else than decode or refuse: the message holds seed, number and bytes of the input."""


@dataclass(frozen=True)
class FuzzReport:
    """What a decoder did with its inputs."""

    inputs: int
    """Inputs that were tried."""
    refused: int
    """Those that were refused."""
    slowest_seconds: float
    """The longest that one input took."""


def _mutated_value(value: object, chance: random.Random) -> object:
    """Edit one place of a decoded document: replace, remove, rename, double or nest."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        edited: dict[object, object] = dict(value)  # pyright: ignore[reportUnknownArgumentType]  # decoded data
        key = chance.choice(list(edited))
        action = chance.randrange(6)
        if action == 0:
            del edited[key]
        elif action == 1:
            edited[f"{key}_"] = edited.pop(key)
        elif action == 2:
            edited[key] = chance.choice(_WRONG)
        else:
            edited[key] = _mutated_value(edited[key], chance)
        return edited
    if isinstance(value, list) and value and chance.random() < 0.9:
        items: list[object] = list(value)  # pyright: ignore[reportUnknownArgumentType]  # decoded data
        place = chance.randrange(len(items))
        if chance.randrange(3) == 0:
            items.insert(place, items[chance.randrange(len(items))])
        else:
            items[place] = _mutated_value(items[place], chance)
        return items
    return chance.choice(_WRONG)


def _mutated_bytes(data: bytes, chance: random.Random, pieces: Sequence[bytes]) -> bytes:
    edited = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(edited) + 1)
        action = chance.randrange(5)
        if action == 0:
            del edited[place:]
        elif action == 1:
            del edited[place : place + chance.randrange(1, 8)]
        elif action == 2:
            edited[place:place] = chance.choice(pieces)
        elif action == 3 and place < len(edited):
            edited[place] = chance.choice(_SPECIAL)
        else:
            start = chance.randrange(len(edited) + 1)
            edited[place:place] = edited[start : start + chance.randrange(1, 40)]
    return bytes(edited)


def broken_inputs(document: Contract, *, packed: bool, count: int, seed: int) -> Iterator[bytes]:
    """Give broken or odd encodings of a document.

    Parameters
    ----------
    document
        A valid document to start from.
    packed
        Whether MessagePack is wanted, or JSON.
    count
        How many.
    seed
        The same one gives the same inputs.
    """
    chance = random.Random(seed)
    whole = encode_msgpack(document) if packed else encode_json(document)
    plain: object = msgspec.to_builtins(document, builtin_types=(bytes,)) if packed else msgspec.to_builtins(document)
    encode = msgspec.msgpack.encode if packed else msgspec.json.encode
    for _ in range(count):
        data = whole
        if chance.random() < 0.6:
            edited = plain
            for _ in range(chance.randrange(1, 3)):
                edited = _mutated_value(edited, chance)
            data = encode(edited)
        if chance.random() < 0.6:
            data = _mutated_bytes(data, chance, _LIES if packed else _JSON_PIECES)
        yield data


def fuzz_decoder(decode: Callable[[bytes], object], inputs: Iterator[bytes], *, seed: int = 0) -> FuzzReport:
    """Feed inputs to a decoder.

    Parameters
    ----------
    decode
        Gives something, or raises `DocumentRefused`.
    inputs
        What to feed.
    seed
        For the message of a failure.

    Raises
    ------
    FuzzFailure
        When it raises anything else, or takes longer than `SLOWEST_SECONDS`.
    """
    refused = count = 0
    slowest = 0.0
    for data in inputs:
        begin = time.perf_counter()
        try:
            decode(data)
        except DocumentRefused:
            refused += 1
        except Exception as other:  # noqa: BLE001 - every type but one is the failure that is looked for
            _fail(seed, count, data, f"raised {type(other).__name__}: {other}", other)
        spent = time.perf_counter() - begin
        if spent > SLOWEST_SECONDS:
            _fail(seed, count, data, f"took {spent:.1f} s", None)
        slowest = max(slowest, spent)
        count += 1
    return FuzzReport(inputs=count, refused=refused, slowest_seconds=slowest)


def _fail(seed: int, number: int, data: bytes, what: str, cause: Exception | None) -> NoReturn:
    shown = data if len(data) <= 400 else data[:400] + b"..."
    raise FuzzFailure(f"Input {number} of seed {seed} {what}\n{shown!r}") from cause


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz every decoder of every contract.

    Returns
    -------
    int
        0 when every input was decoded or refused; a failure is raised.
    """
    from plan_contracts.golden_cases import valid_cases

    parser = argparse.ArgumentParser(prog="python -m plan_contracts.testing.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="inputs for each decoder")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other inputs")
    given = parser.parse_args(arguments)
    cases = valid_cases()
    counts: dict[str, int] = {}
    for case in cases:
        counts[case.contract] = counts.get(case.contract, 0) + 1
    for case in cases:
        share = -(-given.inputs // counts[case.contract])
        for packed in (True, False):
            decode = decoder_of(type(case.document), packed=packed)
            inputs = broken_inputs(case.document, packed=packed, count=share, seed=given.seed)
            report = fuzz_decoder(decode, inputs, seed=given.seed)
            encoding = "MessagePack" if packed else "JSON"
            sys.stdout.write(
                f"{case.contract} {case.name} {encoding}: {report.inputs} inputs, {report.refused} refused\n"
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"Every input was decoded or refused; peak resident memory {peak} (KiB on Linux).\n")
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
