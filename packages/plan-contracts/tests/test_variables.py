"""Variables have the type that TOML or the project gives them, and nothing else may take its place."""

import pytest

from plan_contracts import (
    PlanError,
    PlanErrors,
    ProjectFileInvalid,
    Variable,
    VariableRefused,
    VariableUnknown,
    VarSection,
    VarValue,
    apply_profile,
    assign,
    decode_json,
    encode_json,
    parse_project_file,
    variables_of,
)
from plan_contracts.project import ProjectFile

HEAD = '[project]\nname = "shop"\n'


def _variables(text: str) -> dict[str, Variable]:
    return variables_of(parse_project_file(HEAD + "[vars]\n" + text).vars)


TYPED = {
    "x = 'EU'": Variable(type="string", value="EU"),
    "x = 7": Variable(type="int64", value=7),
    "x = 7.0": Variable(type="float64", value=7.0),
    "x = true": Variable(type="bool", value=True),
    "x = 2024-01-31": Variable(type="date32", value="2024-01-31"),
    "x = 2024-01-31T10:00:00": Variable(type="timestamp(us)", value="2024-01-31T10:00:00"),
    "x = 2024-01-31T10:00:00+02:00": Variable(type="timestamp(us, UTC)", value="2024-01-31T08:00:00+00:00"),
    "x = 10:30:00": Variable(type="time64(us)", value="10:30:00"),
    "x = { value = '12.5', type = 'decimal(12, 2)' }": Variable(type="decimal(12, 2)", value="12.50"),
    "x = { value = 12, type = 'numeric(12,2)' }": Variable(type="decimal(12, 2)", value="12.00"),
    "x = { value = 7, type = 'double' }": Variable(type="float64", value=7.0),
    "x = { type = 'date' }": Variable(type="date32"),
    "x = { secret = '${SALT}' }": Variable(type="string", secret="${SALT}"),
    "x = { secret = '${SALT}', type = 'text' }": Variable(type="string", secret="${SALT}"),
}


@pytest.mark.parametrize("text", TYPED)
def test_variable_in_toml_has_the_type_of_its_value(text: str) -> None:
    assert _variables(text) == {"x": TYPED[text]}


FAULTS = {
    "x = [1]": "`vars.x` is an array, which no variable can be",
    "x = 9223372036854775808": "`vars.x` holds a whole number beyond 64 bits",
    "x = { value = 300, type = 'int8' }": "`vars.x`: 300 is no value of type int8",
    "x = { value = -1, type = 'uint8' }": "`vars.x`: -1 is no value of type uint8",
    "x = { value = '1.234', type = 'decimal(12, 2)' }": "`vars.x`: '1.234' is no value of type decimal(12, 2)",
    "x = { value = '100', type = 'decimal(4, 2)' }": "`vars.x`: '100' is no value of type decimal(4, 2)",
    "x = { value = 'nan', type = 'decimal(4, 2)' }": "`vars.x`: 'nan' is no value of type decimal(4, 2)",
    "x = { value = true, type = 'int64' }": "`vars.x`: True is no value of type int64",
    "x = { value = '2024-02-30', type = 'date' }": "`vars.x`: '2024-02-30' is no value of type date32",
    "x = { value = '2024-02-03T00:00:00', type = 'timestamp(us, UTC)' }": "is no value of type timestamp(us, UTC)",
    "x = { value = 'a', type = 'list<string>' }": "`vars.x`: a variable cannot be of type list<string>",
    "x = { value = 'a', secret = '${A}' }": "`vars.x`: it is secret and has a value",
    "x = { secret = '${PIN}', type = 'int' }": "`vars.x`: it is secret, and a secret is a string",
    "x = { secret = 'hunter2' }": "`vars.x.secret`",
    "x = {}": "`vars.x`: it has neither a value nor a type",
    "x = { valu = 1 }": "`valu` is not known in `[vars.x]`",
    "x = { value = [1] }": "`vars.x.value` is an array",
    "x = { type = 'strng' }": "`vars.x`:",
    "now = 'noon'": "`vars.now`: it pins the clock, and string is no moment",
    "'a b' = 1": "`a b` is no variable's name",
    "1a = 1": "`1a` is no variable's name",
}


@pytest.mark.parametrize("text", FAULTS)
def test_variable_that_is_none_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(ProjectFileInvalid) as caught:
        _variables(text)
    assert FAULTS[text] in caught.value.message
    assert caught.value.location is not None
    assert caught.value.location.line == 4


def test_variables_of_a_profile_are_read_and_judged_like_the_others() -> None:
    text = HEAD + "[vars]\nday = 2024-01-01\nleast = 1\n[profiles.prod.vars]\nday = 2025-01-01\n"
    prod = apply_profile(parse_project_file(text), "prod")
    assert variables_of(prod.vars)["day"] == Variable(type="date32", value="2025-01-01")
    with pytest.raises(PlanErrors) as caught:
        parse_project_file(HEAD + "[profiles.prod.vars]\na = {}\n[profiles.dev.vars]\nb = []\n")
    assert [error.location.line for error in caught.value.errors if error.location] == [4, 6]


def test_project_file_with_every_kind_of_variable_survives_the_codec() -> None:
    project = parse_project_file(
        HEAD + "[vars]\n" + "\n".join(text.replace("x =", f"x{i} =") for i, text in enumerate(TYPED))
    )
    assert decode_json(encode_json(project), ProjectFile) == project


DECLARED: dict[str, VarValue] = {
    "region": "EU",
    "least": 1,
    "rate": 1.0,
    "full": False,
    "day": VarSection(type="date32"),
    "price": VarSection(value="1.00", type="decimal(12, 2)"),
    "salt": VarSection(secret="${SALT}"),
}

ASSIGNED = {
    "region": ({"US": "US", "'US'": "US", '"a=b"': "a=b", "2024": "2024", "true": "true", "2024-01-01": "2024-01-01"}),
    "least": {"2": 2, "0x10": 16},
    "rate": {"2": 2.0, "2.5": 2.5},
    "full": {"true": True},
    "day": {"2024-02-29": "2024-02-29", "'2024-02-29'": "2024-02-29"},
    "price": {"2": "2.00", "'2.5'": "2.50"},
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in ASSIGNED.items() for text in texts])
def test_assign_reads_the_text_as_the_declared_type(name: str, text: str) -> None:
    before = variables_of(DECLARED)[name]
    after = variables_of(assign(DECLARED, {name: text}))
    assert after[name] == Variable(type=before.type, value=ASSIGNED[name][text])
    assert {each: after[each] for each in after if each != name} == {
        each: variable for each, variable in variables_of(DECLARED).items() if each != name
    }


REFUSED = [
    ("least", "2.5"),
    ("least", "two"),
    ("least", ""),
    ("least", "1\nb = 2"),
    ("full", "yes"),
    ("day", "2024-02-30"),
    ("day", "2024-02-03T00:00:00"),
    ("day", "[1]"),
    ("day", "{ value = 1 }"),
    ("price", "1.005"),
    ("salt", "'pepper'"),
]


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_assign_of_another_type_is_refused(name: str, text: str) -> None:
    with pytest.raises(VariableRefused) as caught:
        assign(DECLARED, {name: text})
    assert caught.value.subject == name


def test_assign_of_a_secret_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(VariableRefused) as caught:
        assign(DECLARED, {"salt": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert caught.value.suggestion == "Set the environment variable `${SALT}`."


def test_assign_of_an_undeclared_variable_names_the_nearest() -> None:
    with pytest.raises(VariableUnknown) as caught:
        assign(DECLARED, {"reigon": "US"})
    assert caught.value.suggestion == "Did you mean `region`?"
    with pytest.raises(VariableUnknown) as caught:
        assign({}, {"region": "US"})
    assert caught.value.suggestion == "Declare it under `[vars]`."


def test_assign_of_now_needs_no_declaration() -> None:
    assigned = variables_of(assign({}, {"now": "2024-01-31T12:00:00Z"}))
    assert assigned == {"now": Variable(type="timestamp(us, UTC)", value="2024-01-31T12:00:00+00:00")}
    with pytest.raises(PlanError, match="no value"):
        assign({}, {"now": "yesterday"})
