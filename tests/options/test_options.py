"""Options: layers over the built-in configuration, and what happens to a mistake in one of them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.models.expert_count import ExpertWidth
from leanwide.modes.profile import Mode
from leanwide.options import (
    Layer,
    Options,
    built_in,
    parse,
    read_layer,
    restrict_workspace,
)
from leanwide.options.schema import ModesOptions

DEFAULTS, _ = parse()
SHIPPED = Path(__file__).parents[2] / "configs" / "default.toml"


def layer(text: str, source: str = "config.toml") -> Layer:
    return Layer(source, tomllib.loads(text))


def problems(text: str) -> list[str]:
    """Return the problems of a file; no value of it may have an effect."""
    options, found = parse(layer(text))
    assert options == DEFAULTS
    return list(found)


def fields(kind: type, prefix: str = "") -> Iterator[str]:
    """Yield the full names of all settings below an options class."""
    hints = get_type_hints(kind)
    for attribute in attrs.fields(kind):
        name, hint = prefix + attribute.name, hints[attribute.name]
        yield from fields(hint, f"{name}.") if attrs.has(hint) else [name]


def leaves(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        yield from leaves(value, f"{prefix}{key}.") if isinstance(value, dict) else [prefix + key]


def nested(name: str, value: Any) -> dict[str, Any]:
    first, _, rest = name.partition(".")
    return {first: nested(rest, value) if rest else value}


# The built-in configuration


def test_the_shipped_file_names_every_setting_and_no_other():
    assert sorted(leaves(tomllib.loads(SHIPPED.read_text("utf-8")))) == sorted(fields(Options))


def test_the_shipped_file_is_the_built_in_layer_and_has_no_problems():
    assert built_in().values == tomllib.loads(SHIPPED.read_text("utf-8"))
    assert parse(built_in()) == (DEFAULTS, ())


@pytest.mark.parametrize("name", [*fields(Options)])
def test_every_setting_can_be_set_to_its_default(name):
    value: Any = built_in().values
    for key in name.split("."):
        value = value[key]
    options, found = parse(Layer("the editor", nested(name, value)))
    assert (as_the_file_recommends(options), found) == (as_the_file_recommends(DEFAULTS), ())


def as_the_file_recommends(options: Options) -> Options:
    """Return options with a setting on that others turn off."""
    modes = {mode: attrs.evolve(options.profiles[mode], recommended_sampling=True) for mode in Mode}
    return attrs.evolve(options, modes=ModesOptions(**modes))


def test_every_mode_has_a_profile():
    assert set(DEFAULTS.profiles) == set(Mode)
    assert DEFAULTS.profiles[Mode.CODE] is DEFAULTS.modes.code


# Layers


def test_a_later_layer_overrides_only_what_it_sets():
    options, found = parse(
        layer("[modes.code]\noutput_tokens = 10\ncontext_tokens = 100"),
        layer("[modes.code]\noutput_tokens = 20\n[lanes.lean]\nexperts = 3"),
        layer("[lanes.lean]\nexperts = 'trained'"),
    )
    assert not found
    assert (options.modes.code.output_tokens, options.modes.code.context_tokens) == (20, 100)
    assert options.lanes.lean.experts is ExpertWidth.TRAINED
    assert options.modes.think == DEFAULTS.modes.think


def test_a_bad_value_leaves_the_layer_below_in_force():
    options, found = parse(
        layer("model.threads = 3"), layer("model.threads = -1", "the editor's settings")
    )
    assert options.model.threads == 3
    assert found == ("the editor's settings: model.threads = -1: 'threads' must be >= 0: -1",)


def test_a_list_is_replaced_not_joined():
    options, _ = parse(layer("languages.off = ['a', 'b']"), layer("languages.off = ['c']"))
    assert options.languages.off == ("c",)


def test_a_mistake_affects_only_its_own_setting():
    options, found = parse(
        layer(
            """
            [model]
            treads = 2
            batch_tokens = "many"
            gpu_layers = 4
            [modes.code]
            lane = "middle"
            output_tokens = 9
            [lanes]
            lean = 4
            wide.experts = 6
            """
        )
    )
    assert len(found) == 4
    assert options.model == attrs.evolve(DEFAULTS.model, gpu_layers=4)
    assert options.modes.code == attrs.evolve(DEFAULTS.modes.code, output_tokens=9)
    assert options.lanes.lean == DEFAULTS.lanes.lean
    assert options.lanes.wide.experts == 6


# What is said about a mistake


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("modell", "model"),
        ("model.treads", "model.threads"),
        ("lanes.lean.expert", "lanes.lean.experts"),
        ("modes.code.contextTokens", "modes.code.context_tokens"),
        ("modes.think.deadline", "modes.think.deadline_ms"),
        ("languages.of", "languages.off"),
    ],
)
def test_for_an_unknown_setting_the_nearest_is_named(wrong, meant):
    found = problems(f"{wrong} = 1")
    assert found == [f"config.toml: there is no setting {wrong}; did you mean {meant}?"]


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ('model.threads = "4"', "this needs a whole number"),
        ("model.threads = 4.0", "this needs a whole number"),
        ("model.threads = true", "this needs a whole number"),
        ("model.threads = 1025", "'threads' must be <= 1024: 1025"),
        ("model.path = 3", "this needs a text"),
        ("model.use_mmap = 1", "this needs true or false"),
        ('model.use_mmap = "yes"', "this needs true or false"),
        ("model.gpu_layers = -2", "'gpu_layers' must be >= -1: -2"),
        ('model.gpu_layers = "most"', 'this needs a whole number or "auto"'),
        ("model.cpu_expert_layers = -1", "'cpu_expert_layers' must be >= 0: -1"),
        ('model.kv_type = "q4_0"', 'this needs "f16" or "q8_0"'),
        ("model.gpu_layers = 4294967296", "this needs a whole number below 2147483648"),
        ('lanes.lean.experts = "most"', 'this needs a whole number, "half" or "trained"'),
        ("lanes.lean.experts = false", 'this needs a whole number, "half" or "trained"'),
        ("lanes.lean.experts = 1.5", 'this needs a whole number, "half" or "trained"'),
        ("lanes.lean.experts = 99999999999999999999", "this needs a whole number below 2147483648"),
        ("lanes.wide.sequences = 0", "'sequences' must be >= 1: 0"),
        ("modes.code.temperature = nan", "this needs a number"),
        ("modes.code.temperature = true", "this needs a number"),
        ('modes.code.top_p = "1"', "this needs a number"),
        ("modes.code.top_p = 1.5", "'top_p' must be <= 1.0: 1.5"),
        ("modes.code.deadline_ms = 0", "'deadline_ms' must be >= 1.0: 0.0"),
        ("modes.code.output_tokens = 0", "'output_tokens' must be >= 1: 0"),
        ("languages.off = 'python'", "this needs a list of texts"),
        ("languages.off = ['python', 3]", "this needs a list of texts"),
    ],
)
def test_for_a_wrong_value_the_right_type_is_named(setting, problem):
    [found] = problems(setting)
    assert found.startswith(f"config.toml: {setting.partition(' ')[0]} = ")
    assert found.endswith(f": {problem}")


def test_a_lane_that_does_not_exist_is_refused():
    [found] = problems("modes.code.lane = 'middle'")
    assert "'lane' must be in ('lean', 'wide')" in found


def test_a_value_in_place_of_a_section_is_refused():
    assert problems("model = 3") == ["config.toml: model is a section, not a value"]


def test_a_number_too_large_for_a_float_is_refused():
    assert len(problems(f"modes.code.deadline_ms = 1{'0' * 400}")) == 1


def test_a_whole_number_is_accepted_as_a_number():
    options, found = parse(layer("modes.code.deadline_ms = 250"))
    assert (options.modes.code.deadline_ms, found) == (250.0, ())


# Files


def test_a_file_is_read_as_toml(tmp_path):
    (tmp_path / "config.toml").write_text("model.path = '~/é.gguf'", "utf-8")
    read, found = read_layer(tmp_path / "config.toml")
    assert (read, found) == (
        Layer(str(tmp_path / "config.toml"), {"model": {"path": "~/é.gguf"}}),
        (),
    )


def test_a_byte_order_mark_in_front_of_the_settings_is_no_problem(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbf[files]\r\nexclude = ["private/"]\r\n')
    read, found = read_layer(path)
    assert (read.values, found) == ({"files": {"exclude": ["private/"]}}, ())


def test_a_missing_file_is_no_problem(tmp_path):
    read, found = read_layer(tmp_path / "config.toml")
    assert (read.values, found) == ({}, ())


@pytest.mark.parametrize(
    "content",
    [
        b"[model\n",
        b"a = 1\na = 2\n",
        b"\xff\xfe",
        b"a = " + b"[" * 20_000,
        b"a = " + b"1" * 5_000,
    ],
    ids=["syntax", "twice", "not utf-8", "deep", "endless number"],
)
def test_a_broken_file_is_ignored_and_named(tmp_path, content):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    read, found = read_layer(path)
    assert read.values == {}
    [problem] = found
    assert problem.startswith(f"{path} is ignored: ")


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    assert read_layer(tmp_path)[1][0].startswith(f"{tmp_path} is ignored: ")


# The workspace


def test_a_workspace_sets_budgets_and_languages():
    given = layer("modes.code.output_tokens = 9\nlanguages.off = ['c']", ".leanwide.toml")
    assert restrict_workspace(given) == (given, ())


ALLOWED = "modes, languages, completion, files and next_edit"


@pytest.mark.parametrize("section", ["model", "lanes", "engine", "nonsense"])
def test_a_workspace_sets_nothing_else(section):
    given = layer(f"{section}.path = '/x'\nmodes.code.output_tokens = 9", ".leanwide.toml")
    allowed, found = restrict_workspace(given)
    assert allowed.values == {"modes": {"code": {"output_tokens": 9}}}
    assert found == (
        f".leanwide.toml may set {ALLOWED} only: ignored {section} "
        "(put it into your own user file)",
    )


def test_a_workspace_chooses_no_lane():
    """A lane may be at a server, which would get what the user means for another one."""
    given = layer("modes.code = { lane = 'wide', output_tokens = 9 }", ".leanwide.toml")
    allowed, found = restrict_workspace(given)
    assert allowed.values == {"modes": {"code": {"output_tokens": 9}}}
    assert found == (
        ".leanwide.toml may choose no lane: ignored modes.code.lane "
        "(put it into your own user file)",
    )


def test_a_workspace_may_only_switch_next_edits_off():
    given = layer("next_edit.enabled = false\nnext_edit.lane = 'wide'", ".leanwide.toml")
    allowed, found = restrict_workspace(given)
    assert allowed.values == {"next_edit": {"enabled": False}}
    assert found == (
        ".leanwide.toml may only switch next edits off: ignored next_edit.lane "
        "(put it into your own user file)",
    )
    assert restrict_workspace(layer("next_edit.enabled = true"))[0].values == {"next_edit": {}}


# Whatever an editor sends

KEYS = st.sampled_from([*{key for name in fields(Options) for key in name.split(".")}]) | st.text()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([*ExpertWidth, "lean", "wide", 2**31, -(2**80), 10**400, "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_settings_of_any_shape_raise_nothing(values):
    options, found = parse(Layer("the editor", values))
    assert parse(Layer("again", attrs.asdict(options)))[0] == options
    assert all(problem.startswith("the editor: ") for problem in found)


@given(st.sampled_from([*fields(Options)]), VALUES)
@settings(max_examples=200)
def test_a_value_is_accepted_or_has_a_problem(name, value):
    options, found = parse(Layer("the editor", nested(name, value)))
    if found:
        assert options == DEFAULTS
    else:
        got: Any = options
        for key in name.split("."):
            got = getattr(got, key)
        assert got == (tuple(value) if isinstance(value, list) else value)


DEEP = ".".join("a" * 250)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x = 1\n" * 20_000, "it is larger than 64 kB"),
        (".".join("a" * 5_000) + " = 1", "a line has more than 250 dots"),
        ("x = " + "[" * 30_000, "it is nested too deeply"),
        ("x = " + "9" * 50_000, "is ignored: "),
        ("[modes.code]\noutput_tokens = 0x" + "f" * 50_000, "a very large number"),
        ("[modes.code]\noutput_tokens = " + "[" * 400 + "]" * 400, "[…]: this needs a whole"),
        ("[modes.code]\ndeadline_ms = inf", "this needs a number"),
        (
            "[modes.code]\nlane = '" + "x" * 50_000 + "'",
            "may choose no lane: ignored modes.code.lane ",
        ),
        ("[modes.code]\n'" + "x" * 50_000 + "' = 1", "there is no setting"),
        ('[modes.code]\n"a\\nb\\u001b" = 1', "no setting modes.code.a\\nb\\x1b;"),
        ("".join(f"k{one} = 1\n" for one in range(5_000)), "k0, k1, k10, k100, k1000 and 4,995"),
        (f"[files]\nexclude = [{'0,' * 9_000}]", "this needs a list of texts"),
        (f"[files]\nexclude = [{chr(39) * 2}{(',' + chr(39) * 2) * 9_000}]", "9,001 patterns"),
        ("[files]\nexclude = ['" + "x" * 2_000 + "']", "more than 1,000 bytes"),
        ("".join(f"[b{one}.{DEEP}]\n" for one in range(120)), "may set modes"),
    ],
    ids=range(15),
)
def test_hostile_settings_take_little_time_and_give_short_problems(
    tmp_path: Path, text: str, part: str
):
    file = tmp_path / "config.toml"
    file.write_text(text)
    read, broken = read_layer(file, tmp_path)
    kept, refused = restrict_workspace(read)
    found = (*broken, *refused, *parse(kept)[1])
    assert len(found) == 1
    assert part in found[0]
    assert len(found[0]) < 700
    assert "\n" not in found[0]
    assert "\x1b" not in found[0]


def test_of_many_unknown_keys_the_first_few_are_named():
    found = problems("[modes.code]\n" + "".join(f"k{one} = 1\n" for one in range(5_000)))
    assert len(found) == 6
    assert found[-1] == "config.toml: 4,995 other names are no settings either"


@pytest.mark.parametrize("key", ["temperature", "top_k", "top_p"])
def test_who_sets_the_sampling_of_a_mode_does_not_get_that_of_the_model_file(key: str):
    assert DEFAULTS.modes.dialog.recommended_sampling
    options, found = parse(layer(f"[modes.dialog]\n{key} = 1"))
    assert not found
    assert not options.modes.dialog.recommended_sampling
    assert options.modes.think.recommended_sampling
    both, _ = parse(layer(f"[modes.dialog]\n{key} = 1\nrecommended_sampling = true"))
    assert both.modes.dialog.recommended_sampling
