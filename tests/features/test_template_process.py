"""Chat templates are untrusted: what they may do, and what they may not."""

from __future__ import annotations

import pytest

from leanwide.features.template_process import (
    MAX_OUTPUT_CHARACTERS,
    MAX_TEMPLATE_CHARACTERS,
    TemplateProblem,
    render,
)

MESSAGES = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% for m in messages %}[{{ m.role }}]{{ m['content'] }}{% endfor %}", "[user]hello"),
        ("{% for m in messages %}\n  {%- if true %}{% break %}{% endif %}{% endfor %}x", "x"),
        ("{{ {'a': '<é>'} | tojson }}", '{"a": "<é>"}'),
        ("{{ messages[0].content | trim }}{{ tools }}", "hello"),
        ("{% generation %}{% set x = 1 %}a{% endgeneration %}{{ x }}", "a1"),
        ("{{ ['é'] | tojson(ensure_ascii=True) }}", '["\\u00e9"]'),
        ("{{ [1, 2] | tojson(separators=(',', ':')) }}", "[1,2]"),
        ("{% set ns = namespace(n=0) %}{% set ns.n = 3 %}{{ ns.n }}", "3"),
        ("", ""),
    ],
)
def test_what_templates_of_real_models_do(template, expected):
    assert render(template, MESSAGES) == expected


def test_a_template_may_ask_for_the_date():
    assert render("{{ strftime_now('%Y') }}", {}).isdigit()


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ raise_exception('no system role') }}", "no system role"),
        ("{% for m in messages %}", "endfor"),
        ("{{ messages[0].content.nothing() }}", "no attribute"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe|undefined"),
        ("{{ messages.append(1) }}", "not safely callable|unsafe"),
        ("{% include 'other' %}", "loader"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "RecursionError"),
        ("{% for i in range(10**9) %}{% endfor %}", "OverflowError"),
        ("x" * (MAX_TEMPLATE_CHARACTERS + 1), "characters"),
        (
            "{% for i in range(90000) %}twelve chars{% endfor %}",
            f"more than {MAX_OUTPUT_CHARACTERS}",
        ),
    ],
)
def test_what_is_refused(template, problem):
    with pytest.raises(TemplateProblem, match=problem):
        render(template, MESSAGES)
