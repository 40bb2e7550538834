"""The settings of the VS Code client are the server's own, with the same defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from leanwide.options import SERVER_SETTINGS, WORKSPACE_SECTIONS, built_in

MANIFEST: Final = json.loads(
    Path(__file__).parents[2].joinpath("editors/vscode/package.json").read_text("utf-8")
)
OWN: Final = {"leanwide.server.path"}
"""Settings of the client alone."""
OFFERED: Final[Mapping[str, Mapping[str, Any]]] = {
    name: setting
    for section in MANIFEST["contributes"]["configuration"]
    for name, setting in section["properties"].items()
}
RESTRICTED: Final = MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]


def defaults(values: Mapping[str, Any], prefix: str = "leanwide") -> Iterator[tuple[str, Any]]:
    """Every setting of the server by its name in VS Code."""
    for key, value in values.items():
        camel = re.sub("_(.)", lambda match: match[1].upper(), key)
        if isinstance(value, Mapping):
            yield from defaults(value, f"{prefix}.{camel}")
        else:
            yield f"{prefix}.{camel}", value


SETTINGS: Final = dict(defaults(built_in().values))


def snake(name: str) -> str:
    return re.sub("([A-Z])", r"_\1", name).lower()


def test_vscode_offers_every_setting_with_its_default_but_those_of_servers():
    """Only the user's own file may name a server."""
    shown = {name: setting["default"] for name, setting in OFFERED.items() if name not in OWN}
    of_servers = {name for name in SETTINGS if snake(name.split(".")[-1]) in SERVER_SETTINGS}
    assert len(of_servers) == 2 * len(SERVER_SETTINGS)
    assert shown == {name: value for name, value in SETTINGS.items() if name not in of_servers}


@pytest.mark.parametrize("name", OFFERED)
def test_a_setting_says_what_it_is_for(name: str):
    assert re.match(r"[A-Z].*\.$", OFFERED[name]["markdownDescription"])


@pytest.mark.parametrize("name", OFFERED)
def test_a_workspace_can_set_in_vscode_what_its_own_file_can_and_no_more(name: str):
    section = snake(name.split(".")[1])
    allowed = name == "leanwide.nextEdit.enabled" if section == "next_edit" else True
    may = allowed and section in WORKSPACE_SECTIONS
    assert (OFFERED[name]["scope"] == "machine") is not may


def test_in_a_restricted_workspace_programs_models_and_budgets_are_the_users_own():
    free = ("languages", "completion", "files")
    assert set(RESTRICTED) == {name for name in OFFERED if name.split(".")[1] not in free}
