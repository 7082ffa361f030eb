"""Values of options, before they take the place of keys of plan.toml."""

from typing import TypeVar

import msgspec

from plan_cli.errors import OptionRefused
from plan_contracts.scalars import ByteSize

T = TypeVar("T")


def asked_for(**options: T | None) -> dict[str, T]:
    """Give the options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def byte_size_option(option: str, text: str | None) -> str | None:
    """Give a size in bytes that was checked for its form.

    Raises
    ------
    OptionRefused
        When it is no size.
    """
    try:
        return msgspec.convert(text, ByteSize | None)
    except msgspec.ValidationError as reason:
        message = f"`{option} {text}` is no size in bytes"
        raise OptionRefused(message, subject=option, suggestion="Write it as in `512MiB` or `8GB`.") from reason
