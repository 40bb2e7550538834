"""The server that is named: its address, certificate, model and key."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Never

import pytest

from leanwide.engine.base import EngineError, EngineState
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.requests import FinishReason
from tests.engine.remote.asking import ask, connected, notices
from tests.engine.remote.misbehaving import misbehaving


async def test_an_address_that_the_library_does_not_take_is_told():
    async with connected(ServerAddress(url="https://-g\u00fc_.example")) as (engine, _):
        engine.start()
        while engine.status.state is not EngineState.FAILED:
            await asyncio.sleep(0.01)
        with pytest.raises(EngineError, match=r"'https://-g\\xfc_\.example' is no address"):
            await engine.ready("lean")


async def test_what_nobody_expects_while_connecting_is_told(monkeypatch: pytest.MonkeyPatch):
    def fail(_: ServerAddress) -> Never:
        raise ZeroDivisionError

    monkeypatch.setattr("leanwide.engine.remote.engine.prepare", fail)
    async with connected(ServerAddress(url="https://gpu-box")) as (engine, told):
        engine.start()
        while engine.status.state is not EngineState.FAILED:
            await asyncio.sleep(0.01)
        assert notices(told) == {engine.status.reason}
        assert "gpu-box cannot be used (ZeroDivisionError)" in engine.status.reason


async def test_a_server_that_is_not_there_is_named_with_what_to_do():
    async with misbehaving() as server:
        url = server.url
    async with connected(ServerAddress(url=url)) as (engine, told):
        with pytest.raises(EngineError, match=r"cannot be reached: check that the server runs"):
            await engine.ready("lean")
        assert len(notices(told)) == 1


async def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "httpx2", None)
    async with connected(ServerAddress(url="https://gpu-box")) as (engine, _):
        with pytest.raises(EngineError, match=r"httpx2 is missing.*leanwide\[remote\]"):
            await engine.ready("lean")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that no authority signed."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout - -out -"
    command = [*request.split(), *subject.split()]
    made = subprocess.run(command, capture_output=True, check=True)
    file.write_bytes(made.stdout)
    return file


async def test_a_certificate_that_nobody_vouches_for_is_refused_until_its_file_is_named(
    certificate: Path,
):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with misbehaving(tls) as server:
        url = server.url.replace("http", "https")
        async with connected(ServerAddress(url=url)) as (engine, told):
            with pytest.raises(EngineError, match=r"not trusted .* as ca_file"):
                await engine.ready("lean")
            assert server.seen == []
            assert len(notices(told)) == 1
        async with connected(ServerAddress(url=url, ca_file=certificate)) as (engine, _):
            await engine.ready("lean")
            assert await ask(engine) == ("ok", FinishReason.END)


async def test_nothing_is_sent_without_encryption_to_another_machine():
    async with connected(ServerAddress(url="http://192.0.2.1:1")) as (engine, told):
        with pytest.raises(EngineError, match=r"not encrypted.*allow_http"):
            await engine.ready("lean")
        assert engine.status.state is EngineState.FAILED
        assert len(notices(told)) == 1


async def test_a_server_of_several_models_is_told_which_one_every_time():
    async with misbehaving() as server:
        address = ServerAddress(url=server.url, model="coder: 30B & more")
        async with connected(address) as (engine, _):
            await engine.ready("lean")
            assert await ask(engine) == ("ok", FinishReason.END)
        lines = [head.partition("\r\n")[0] for head in server.seen]
        assert lines
        assert not [line for line in lines if "?model=coder%3A+30B+%26+more " not in line]
        assert [body["model"] for body in server.bodies] == ["coder: 30B & more"]


async def test_the_key_goes_to_the_named_server_only_and_no_proxy_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    key = tmp_path / "key"
    key.write_text("secret-1\n")
    async with misbehaving() as proxy, misbehaving() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        async with connected(ServerAddress(url=server.url, key_file=key)) as (engine, _):
            await engine.ready("lean")
            await ask(engine)
        assert proxy.seen == []
        assert all("authorization: bearer secret-1" in head.lower() for head in server.seen)
