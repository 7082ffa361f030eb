"""Durations, counts and sizes as people read them."""


def duration(seconds: float) -> str:
    """Give a duration with about three significant digits.

    Examples
    --------
    >>> duration(0.01234), duration(2.5), duration(192.0)
    ('12 ms', '2.50 s', '3 min 12 s')
    """
    if seconds < 0.0995:
        milliseconds = seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 9.95 else f"{milliseconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def count(number: int, one: str, many: str | None = None) -> str:
    """Give a number with its noun.

    Examples
    --------
    >>> count(1, "task"), count(1200, "row"), count(2, "query", "queries")
    ('1 task', '1,200 rows', '2 queries')
    """
    noun = one if number == 1 else many or f"{one}s"
    return f"{number:,} {noun}"


def size(number: int) -> str:
    """Give a number of bytes in the unit that suits it.

    Examples
    --------
    >>> size(512), size(3_400_000)
    ('512 B', '3.4 MB')
    """
    value = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
