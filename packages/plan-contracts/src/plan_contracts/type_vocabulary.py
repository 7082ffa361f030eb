"""The words with which pyarrow, DataFusion and people name column types."""

_SIMPLE = {
    "bool": ("bool", "boolean"),
    "int8": ("int8", "tinyint", "i8"),
    "int16": ("int16", "smallint", "short", "i16"),
    "int32": ("int32", "int", "integer", "int4", "i32"),
    "int64": ("int64", "bigint", "long", "i64"),
    "uint8": ("uint8", "utinyint", "u8"),
    "uint16": ("uint16", "usmallint", "u16"),
    "uint32": ("uint32", "uinteger", "uint", "u32"),
    "uint64": ("uint64", "ubigint", "u64"),
    "float16": ("float16", "halffloat", "half"),
    "float32": ("float32", "float", "real", "float4"),
    "float64": ("float64", "double", "float8"),
    "string": (
        "string",
        "large_string",
        "string_view",
        "utf8",
        "largeutf8",
        "utf8view",
        "text",
        "varchar",
        "char",
        "str",
        "character",
    ),
    "binary": (
        "binary",
        "large_binary",
        "binary_view",
        "largebinary",
        "binaryview",
        "bytea",
        "blob",
        "varbinary",
        "bytes",
    ),
    "date32": ("date32", "date"),
    "date64": ("date64",),
    "null": ("null",),
}
LEAVES = {spelling: name for name, spellings in _SIMPLE.items() for spelling in spellings}
LISTS = frozenset(
    {
        "list",
        "large_list",
        "largelist",
        "fixed_size_list",
        "fixedsizelist",
        "list_view",
        "listview",
        "large_list_view",
        "largelistview",
        "array",
    }
)
STRUCTS = frozenset({"struct", "row"})
DICTIONARIES = frozenset({"dictionary"})
RUN_ENDS = frozenset({"run_end_encoded", "runendencoded"})
FIXED_BINARY = frozenset({"fixed_binary", "fixed_size_binary", "fixedsizebinary"})
DECIMALS = {
    "decimal": 76,
    "numeric": 76,
    "dec": 76,
    "decimal32": 9,
    "decimal64": 18,
    "decimal128": 38,
    "decimal256": 76,
}
UNITS = {
    **dict.fromkeys(("s", "second", "seconds", "0"), "s"),
    **dict.fromkeys(("ms", "millisecond", "milliseconds", "3"), "ms"),
    **dict.fromkeys(("us", "\u00b5s", "\u03bcs", "microsecond", "microseconds", "6"), "us"),
    **dict.fromkeys(("ns", "nanosecond", "nanoseconds", "9"), "ns"),
}
TIMES = {"time32": ("s", "ms"), "time64": ("us", "ns")}
TIMED_WORDS = {
    "timestamp_s": ("timestamp", "s"),
    "timestamp_ms": ("timestamp", "ms"),
    "timestamp_us": ("timestamp", "us"),
    "timestamp_ns": ("timestamp", "ns"),
}
INTERVALS = {
    **dict.fromkeys(("month_day_nano", "monthdaynano"), "month_day_nano"),
    **dict.fromkeys(("year_month", "yearmonth"), "year_month"),
    **dict.fromkeys(("day_time", "daytime"), "day_time"),
}
UTC = frozenset({"utc", "z", "+00:00", "+00", "-00:00", "etc/utc", "gmt"})
KNOWN = (
    frozenset(LEAVES)
    | LISTS
    | STRUCTS
    | DICTIONARIES
    | frozenset(DECIMALS)
    | {"timestamp", "time32", "time64", "duration", "interval", "map", "fixed_binary"}
)
