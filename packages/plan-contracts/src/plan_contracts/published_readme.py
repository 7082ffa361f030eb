"""The README of the published contracts, for readers without Python."""

from plan_contracts.registry import CONTRACTS

_TEXT = """\
# Published contracts

The documents that `plan` writes and reads, for anyone in any language. Each contract has a folder per version:

    <contract>/<major>.<minor>/
        schema.json            JSON Schema, dialect 2020-12; every field is described there
        <case>.json            an example document, indented for reading
        <case>.msgpack         the same document as canonical MessagePack
        <case>.invalid.json    a document that must be refused
        <case>.error.json      the error with which it is refused

`INDEX.json` lists every contract with its version, its state (`draft` may still change, `released` never does) and
the sha256 of each file. `arrow/` holds the schemas of the stored tables, `errors/errors.json` every error
code, and `errors/<code>.json` what each of them says, as an `error_payload`.

## Reading

- A document is a map with text keys, in JSON and in MessagePack alike. Bytes are base64 in JSON.
- Ignore fields you do not know: a newer minor version may add some. A field that is left out has the default that
  `schema.json` gives. Documents that people write (`project_file`, `data_contract`, `executor_config`) are the
  exception: there an unknown field is an error.
- Events are maps with a field `kind`; skip events whose kind you do not know, because new kinds are no new version.
  Every other set of values (`enum`, `kind` within a task request) is closed.
- Durations and costs are seconds; fields ending in `_unix_ms` are milliseconds since 1970 in UTC; sizes are bytes.
- Some rules are beyond JSON Schema: names are in Unicode normal form C, at most 200 bytes long, consist of letters,
  digits, `_` and `-`, and no two of a project are equal without regard to case; column types follow the grammar
  below.

## Writing canonical bytes

Equal documents have equal bytes, so that a digest identifies a document:

- MessagePack: fields of a contract in the order of `properties` in its schema, with `kind` first where there is
  one; keys of other maps sorted by their UTF-8 bytes; every field present, also where it has its default; the
  shortest form of each integer, text and length; every number of type `number` as float 64, `-0.0` as `0.0`; NaN
  and infinities are refused.
- The identity form of a document leaves out the fields that its schema lists under `x-run-specific`, at every
  depth. In it the document itself, and each contract within it that has run-specific fields or holds a contract
  that does, is a map sorted by key; everything else is as above. The artifact id is the sha256, in lower-case
  hexadecimal, of its MessagePack.
- The hash of an event is the sha256 of its whole envelope's MessagePack, with nothing left out.

## Column types

`null` `bool` `int8` `int16` `int32` `int64` `uint8` `uint16` `uint32` `uint64` `float16` `float32` `float64`
`string` `binary` `date32` `date64` `time32(s|ms)` `time64(us|ns)` `timestamp(UNIT)` `timestamp(UNIT, ZONE)`
`duration(UNIT)` `interval(month_day_nano|day_time|year_month)` `decimal(P, S)` `fixed_binary(N)` `list<T>`
`struct<a: T, "b c": U>` `map<K, V>` `dictionary<T>`, with UNIT one of `s`, `ms`, `us`, `ns`. A type names values,
not layouts: Arrow's plain, large and view layouts of strings, binaries and lists are one type each.

## The contracts

| contract | version | what it is |
|---|---|---|
"""


def readme_text() -> str:
    """Give the text of `contracts/README.md`."""
    rows: list[str] = []
    for contract in CONTRACTS:
        summary = (contract.type.__doc__ or "").strip().splitlines()[0]
        rows.append(f"| [{contract.name}]({contract.folder}/schema.json) | {contract.version} | {summary} |\n")
    return _TEXT + "".join(rows)
