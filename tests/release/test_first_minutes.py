"""What `make test-install` types in a clean Debian is what the README says."""

from __future__ import annotations

import pytest

from tests.clean.first_minutes import NEEDS, install_line
from tests.clean.packages import INDEX


@pytest.mark.parametrize("row", NEEDS)
def test_a_row_of_the_readme_installs_from_a_package_that_is_here(row):
    line = install_line(row, "/srv/leanwide.whl")
    assert line.startswith("pipx install ")
    assert line.endswith("'/srv/leanwide.whl[models]'")
    assert "https:" not in line


def test_wheels_come_from_an_index_that_is_here():
    assert INDEX in install_line("Linux", "/srv/leanwide.whl")


def test_a_row_that_the_readme_does_not_have_is_named():
    with pytest.raises(RuntimeError, match="'BeOS'"):
        install_line("BeOS", "/srv/leanwide.whl")
