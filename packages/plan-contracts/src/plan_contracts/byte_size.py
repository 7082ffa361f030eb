"""Sizes in bytes as people write them."""

import re

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(?:([KMGT])(i?))?B")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def byte_size(text: str) -> int:
    """Give the bytes of a size such as `512 MiB`, `8GB` or `1000B`.

    `K`, `M`, `G` and `T` are powers of 1000, and with an `i` of 1024.

    Raises
    ------
    ValueError
        When the text is no size.

    Examples
    --------
    >>> byte_size("1.5 KiB"), byte_size("2MB")
    (1536, 2000000)
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is no size in bytes, such as `512MiB`")
    number, prefix, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWERS[prefix or ""])
