"""Constrained scalar types; their constraints appear in the published JSON Schemas."""

from typing import Annotated

from msgspec import Meta

NAME_PATTERN = (
    r"^[^\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\xa9\s"
    r"\u2000-\u206f\u2190-\u2bff\u3000-\u3003\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uff0e\uff0f\ufff0-\uffff]+(?![\s\S])"
)
"""What one regular expression, valid in Python and ECMAScript alike, can say of names; `check_name` says the rest."""

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NAME_PATTERN)]
"""Name of a dataset, view, task or profile: letters, digits, `_` and `-`, at most 200 bytes of UTF-8 in NFC."""

RunId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_.-]+$")]
"""Identity of one run; sorts by the time the run started."""

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
"""A sha256 digest as 64 lower-case hexadecimal digits."""

Signature = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")]
"""A sha256 digest in hexadecimal, or the empty string as long as the graph is not known."""

Seconds = Annotated[float, Meta(ge=0)]
"""A duration or cost in seconds."""

MOST = 2**63 - 1
"""The largest integer: what 64 bits with a sign hold, as in Arrow; MessagePack holds hardly more."""

Integer = Annotated[int, Meta(ge=-MOST - 1, le=MOST)]
"""A whole number of 64 bits with a sign."""

UnixMs = Annotated[int, Meta(ge=0, le=MOST)]
"""Milliseconds since 1970-01-01T00:00:00Z."""

Rows = Annotated[int, Meta(ge=0, le=MOST)]
"""A number of rows."""

ByteCount = Annotated[int, Meta(ge=0, le=MOST)]
"""A number of bytes."""

ByteSize = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)? ?([KMGT]i?)?B$")]
"""A number of bytes as people write it, such as `512 MiB`; `byte_size` gives the number."""

Count = Annotated[int, Meta(ge=0, le=MOST)]
"""A number of things."""

Positive = Annotated[int, Meta(ge=1, le=MOST)]
"""A number of things of which there is at least one."""

ColumnType = Annotated[str, Meta(min_length=1, max_length=65536)]
"""A column type in the canonical grammar of `plan_contracts.arrow_types`."""

Fraction = Annotated[float, Meta(ge=0, le=1)]
"""A share between 0 and 1."""

Ratio = Annotated[float, Meta(ge=0)]
"""A quotient; 1 where both sides are equal, or the size of a relative error."""

Version = Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]+$")]
"""`major.minor` of a contract."""
