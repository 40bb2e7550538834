"""The page about the router's decisions is up to date."""

from __future__ import annotations

from pathlib import Path

from leanwide_bench.generated_section import with_section
from leanwide_bench.router_table import BEGIN, END, table

PAGE = Path(__file__).parents[2] / "docs" / "modes.md"


def test_the_page_is_up_to_date():
    page = PAGE.read_text("utf-8")
    assert page == with_section(page, BEGIN, END, table()), "run `make docs`"
