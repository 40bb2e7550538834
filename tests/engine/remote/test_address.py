"""The address of a server, and its key."""

from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_config_path

from leanwide.cli.compose import server_address
from leanwide.engine.base import EngineError
from leanwide.engine.remote.address import ServerAddress, url_problem
from leanwide.options import Layer, parse


@pytest.mark.parametrize(
    "url", ["https://gpu-box:8443", "http://[::1]:8080/v2", "https://g\u00fc.h."]
)
def test_an_address_with_a_host_is_one(url: str):
    assert url_problem(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "gpu-box:8443",
        "https://",
        "ftp://h",
        "https://me:pw@h",
        "https://h:x",
        "https://h?a",
        "\x00",
        "https://gpu\u200bbox:1",
        "https://gpu box",
        "https://gpu..example",
        "https://*:8443",
        "https://h/\x7f",
    ],
)
def test_anything_else_is_named(url: str):
    assert "https://host:8443" in url_problem(url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_this_machine_needs_no_encryption(host: str):
    ServerAddress(url=f"http://{host}:8080").check()


@pytest.mark.parametrize("host", ["gpu-box", "10.0.0.2", "localhost.evil.example", "[fe80::1]"])
def test_another_machine_needs_encryption_or_permission(host: str):
    url = f"http://{host}:8080"
    with pytest.raises(EngineError, match="not encrypted"):
        ServerAddress(url=url).check()
    ServerAddress(url=url, allow_http=True).check()
    ServerAddress(url=url.replace("http", "https")).check()


def test_a_key_is_read_from_its_file_or_the_environment(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text(" sk-1\n")
    environment = {"KEY": "sk-2"}
    assert ServerAddress(url="https://h", key_file=file).read_key(environment) == "sk-1"
    assert ServerAddress(url="https://h", key_variable="KEY").read_key(environment) == "sk-2"
    assert ServerAddress(url="https://h", key_variable="OTHER").read_key(environment) == ""


@pytest.mark.parametrize("key", ["key_file", "ca_file"])
def test_a_file_of_a_user_that_does_not_exist_is_named_as_written(key: str):
    url = "https://models.example"
    options, _ = parse(
        Layer("config", {"lanes": {"wide": {"url": url, key: "~no-such-user/file"}}})
    )
    file = getattr(server_address(options.lanes.wide), key)
    assert file == user_config_path("leanwide") / "~no-such-user/file"


@pytest.mark.parametrize("content", ["", "two words", "a\nb", "sch\u00f6n"])
def test_a_file_without_a_key_is_named(content: str, tmp_path: Path):
    file = tmp_path / "key"
    file.write_text(content)
    with pytest.raises(EngineError, match=str(file)):
        ServerAddress(url="https://h", key_file=file).read_key({})
