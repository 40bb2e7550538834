"""Who is served: programs with the token, by a name of this machine, and no web page."""

from __future__ import annotations

import pytest

from leanwide.access_token import AccessToken
from leanwide.http.admission import HttpAdmission
from leanwide.http.errors import HttpError
from tests.endpoint.served import TOKEN, request_of, served


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer é"],
)
async def test_without_the_token_there_is_one_error_and_nothing_is_started(given: str):
    async with served() as at:
        headers = {b"Authorization": given.encode("latin-1")}
        for path in ("/infill", "/v1/completions", "/v1/chat/completions", "/v1/models", "/health"):
            answer = await at.client.post(path, headers=headers, content=b"{}")
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            error = answer.json()["error"]
            assert error["type"] == "authentication_error"
            assert "Authorization: Bearer" in error["message"]
            assert TOKEN not in answer.text
        assert at.engine.requests == []


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_token_that_is_not_ascii_is_known_in_both_encodings_of_clients(encoding: str):
    token = "schl\u00fcssel-von-sechzehn-zeichen"
    admission = HttpAdmission(AccessToken(token), frozenset())
    sent = f"Bearer {token}".encode(encoding)
    admission.check([(b"Host", b"localhost"), (b"Authorization", sent)])
    with pytest.raises(HttpError):
        admission.check([(b"Host", b"localhost"), (b"Authorization", sent + b"x")])


async def test_a_token_that_is_sent_twice_is_none():
    async with served() as at:
        again = f"\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        twice = request_of().replace(b"\r\n\r\n", again.encode())
        assert (await at.raw(twice)).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost", "null", ""])
async def test_a_web_page_is_refused_even_with_the_token(origin: str):
    async with served() as at:
        answer = await at.client.get("/health", headers={"Origin": origin})
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]
        preflight = await at.client.request(
            "OPTIONS", "/infill", headers={"Access-Control-Request-Method": "POST"}
        )
        assert preflight.status_code == 405
        assert not [name for name in preflight.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LocalHost:9000", 200),  # the near end of a tunnel has a port of its own
        ("127.0.0.1:1", 200),
        ("[::1]:8012", 200),
        ("box:8012", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("127.0.0.1@evil.example", 403),
        ("localhost:x", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
async def test_a_host_that_is_not_this_machine_is_refused(host: str, status: int):
    async with served() as at:
        data = request_of(Host=host, Connection="close")
        assert (await at.raw(data)).startswith(b"HTTP/1.1 %d " % status)


async def test_a_second_host_is_refused():
    async with served() as at:
        data = request_of().replace(b"\r\n\r\n", b"\r\nHost: localhost\r\n\r\n")
        assert (await at.raw(data)).split()[1] in (b"400", b"403")
