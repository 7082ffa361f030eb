"""Broken and swollen documents, made from good ones by structure-aware edits; a seed gives the same inputs again."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from plan_contracts.base import Contract
from plan_contracts.codec import encode_json, encode_msgpack

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
    plain = _plain(document, packed=packed)
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


def broken_texts(texts: Sequence[str], *, count: int, seed: int) -> Iterator[bytes]:
    """Give broken variants of texts, not all of which are UTF-8.

    Parameters
    ----------
    texts
        Good ones to start from.
    count
        How many.
    seed
        The same one gives the same inputs.
    """
    chance = random.Random(seed)
    whole = [text.encode() for text in texts]
    pieces = [*_JSON_PIECES, *whole, b"<" * 200, b"]", b"=", b"'''", b"\n", "\u0301\u202e".encode(), b"\xff"]
    for _ in range(count):
        yield _mutated_bytes(chance.choice(whole), chance, pieces)


def swollen_inputs(document: Contract, *, packed: bool, copies: int, every: int = 1, first: int = 0) -> Iterator[bytes]:
    """Give encodings in which one list or map holds very many small entries, one for each place and entry.

    Parameters
    ----------
    document
        A valid document to start from.
    packed
        Whether MessagePack is wanted, or JSON.
    copies
        Entries of the swollen list or map.
    every, first
        Take only every so-manieth of them, from the given one on.
    """
    plain = _plain(document, packed=packed)
    encode = msgspec.msgpack.encode if packed else msgspec.json.encode
    number = -first
    for path, found in _collections(plain, ()):
        entries: list[object] = ["", 0, None, _EMPTY, {}]
        entries += islice(found.values() if isinstance(found, dict) else found, 1)
        for entry in entries:
            number += 1
            if number % every:
                continue
            swollen = {f"{n:x}": entry for n in range(copies)} if isinstance(found, dict) else [entry] * copies
            yield encode(_with(plain, path, swollen))


def _plain(document: Contract, *, packed: bool) -> object:
    if packed:
        return msgspec.msgpack.decode(encode_msgpack(document))
    return msgspec.json.decode(encode_json(document))


def _collections(
    value: object, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], dict[str, object] | list[object]]]:
    """Give every list and map of a document with its place; of the items of one only the first."""
    if isinstance(value, dict):
        fields: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType]  # decoded data
        yield path, fields
        for key, item in fields.items():
            yield from _collections(item, (*path, key))
    elif isinstance(value, list):
        items: list[object] = value  # pyright: ignore[reportUnknownVariableType]  # decoded data
        yield path, items
        for index, item in enumerate(islice(items, 1)):
            yield from _collections(item, (*path, index))


def _with(value: object, path: tuple[str | int, ...], replacement: object) -> object:
    """Give the document with what stands at a place replaced."""
    if not path:
        return replacement
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        fields: dict[str | int, object] = value  # pyright: ignore[reportUnknownVariableType]  # decoded data
        return {**fields, step: _with(fields[step], rest, replacement)}
    if isinstance(value, list) and isinstance(step, int):
        items: list[object] = value  # pyright: ignore[reportUnknownVariableType]  # decoded data
        return [*items[:step], _with(items[step], rest, replacement), *items[step + 1 :]]
    raise KeyError(step)
