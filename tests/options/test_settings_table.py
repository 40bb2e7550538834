"""The page about configuration lists every setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.options.test_options import fields

from leanwide.options import Options
from leanwide_bench.generated_section import with_section
from leanwide_bench.settings_table import BEGIN, END, table

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_up_to_date():
    page = PAGE.read_text("utf-8")
    assert page == with_section(page, BEGIN, END, table()), "run `make docs`"


def test_every_setting_has_a_row_with_a_type_a_default_and_a_meaning():
    rows = [row.strip("| ").split(" | ") for row in table().splitlines()[2:]]
    listed = [key.strip("`") for row in rows for key in row[0].split("<br>")]
    assert sorted(listed) == sorted(fields(Options))
    for keys, kind, defaults, meaning in rows:
        assert kind
        assert len(defaults.split("<br>")) == len(keys.split("<br>"))
        assert meaning.endswith(".")


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="unpack"):
        with_section("no marks", BEGIN, END, "text")
