"""What is sent to the places that list programs says what leanwide is."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from leanwide.syntax.languages import languages

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
HOME = PROJECT["urls"]["Homepage"]
ADDRESS = r"(?:github(?:usercontent)?\.com/|--repo )([\w-]+/leanwide)\b"
ADDRESSED = (
    ".github/ISSUE_TEMPLATE/config.yml",
    "docs/releasing.md",
    "editors/vscode/package.json",
    "mkdocs.yml",
    "packaging/mason/package.yaml",
    "packaging/nvim-lspconfig/lsp/leanwide.lua",
    "pyproject.toml",
)
"""Every file that says where the repository stands."""
STRINGS = re.compile(r"""['"]([^'"]+)['"]""")


def strings_of(lua: str, field: str) -> list[str]:
    block = lua.partition(f"{field} = {{")[2].partition("}")[0]
    return STRINGS.findall(block)


def test_jetbrains_template_maps_every_language_and_all_of_its_files():
    template = json.loads((ROOT / "editors/jetbrains/leanwide/template.json").read_text("utf-8"))
    assert template["programArgs"]["default"] == "leanwide serve"
    mapped = {
        (mapping["languageId"], pattern)
        for mapping in template["fileTypeMappings"]
        for pattern in mapping["fileType"]["patterns"]
    }
    for language in languages():
        patterns = {*(f"*{suffix}" for suffix in language.suffixes), *language.filenames}
        ours = {pattern for name, pattern in mapped if name in language.ids}
        assert ours == patterns, language.name


def test_nvim_lspconfig_serves_what_the_plugin_serves():
    listed = (ROOT / "packaging/nvim-lspconfig/lsp/leanwide.lua").read_text("utf-8")
    own = (ROOT / "editors/neovim/lua/leanwide/options.lua").read_text("utf-8")
    for field in ("filetypes", "root_markers", "cmd"):
        assert strings_of(listed, field) == strings_of(own, field) != []
    assert HOME in listed


def test_mason_installs_the_package_and_its_program():
    lines = (ROOT / "packaging/mason/package.yaml").read_text("utf-8").splitlines()
    program = next(iter(PROJECT["scripts"]))
    for line in (
        f"name: {PROJECT['name']}",
        f"homepage: {HOME}",
        f"  - {PROJECT['license']}",
        f"  id: pkg:pypi/{PROJECT['name']}@{PROJECT['version']}",
        f"  {program}: pypi:{program}",
    ):
        assert line in lines


def test_every_address_of_the_repository_is_the_one_in_pyproject():
    for place in ADDRESSED:
        addresses = set(re.findall(ADDRESS, (ROOT / place).read_text("utf-8")))
        assert addresses == {HOME.removeprefix("https://github.com/")}, place


def test_every_place_of_the_address_is_known():
    search = ("git", "grep", "--files-with-matches", "--perl-regexp", ADDRESS)
    found = subprocess.run(search, cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(found.stdout.split()) == set(ADDRESSED)


def test_the_extension_names_the_repository_and_its_folder():
    package = json.loads((ROOT / "editors/vscode/package.json").read_text("utf-8"))
    repository = {"type": "git", "url": f"{HOME}.git", "directory": "editors/vscode"}
    assert package["repository"] == repository
    assert package["bugs"] == {"url": PROJECT["urls"]["Issues"]}


def test_the_list_of_licences_is_that_of_the_installed_packages():
    assert importlib.util.find_spec("huggingface_hub"), "the extra `models` is installed for tests"
    command = [sys.executable, str(ROOT / "scripts/licences.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
