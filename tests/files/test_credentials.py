"""Which texts hold a private key or a credential.

Every token is assembled here, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.files.credentials import has_credential, has_private_key

_CHARACTERS = "aZ3kQ9xB7mW2pL5tR8vN4cJ6hD1gF0sYuEoIi"
LINE = "MIIEow" + "IBAAKCAQEA7bq3" * 4


def made(count: int, alphabet: str = _CHARACTERS) -> str:
    return "".join(itertools.islice(itertools.cycle(alphabet), count))


HEX = "9f86d081884c7d65"
CAPITALS = "Q3KZ7WXB2MPLT5RV"
KINDS = ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "PGP ")
TOKENS = {
    "aws id": "AK" + "IA" + made(16, CAPITALS),
    "aws secret": "aws_secret_access_key = " + made(40),
    "github": "gh" + "p_" + made(36),
    "github fine": "github" + "_pat_" + made(82),
    "gitlab": "gl" + "pat-" + made(20),
    "slack": "xo" + "xb-" + made(24),
    "slack hook": "https://hooks.slack" + ".com/services/T" + made(8) + "/B" + made(8) + "/x",
    "stripe": "sk" + "_live_" + made(24),
    "google": "AI" + "za" + made(35),
    "google client": "GOC" + "SPX-" + made(28),
    "npm": "np" + "m_" + made(36),
    "pypi": "pyp" + "i-AgEIcHlwaS5vcmc" + made(60),
    "openai": "sk" + "-proj-" + made(48),
    "openai old": "sk" + "-" + made(20) + "T3Blbk" + "FJ" + made(20),
    "anthropic": "sk" + "-ant-api03-" + made(93),
    "hugging face": "h" + "f_" + made(34, "aZkQxBmWpLtRvNcJhDgF"),
    "jwt": "ey" + "J" + made(20) + ".ey" + "J" + made(40) + "." + made(43),
    "sendgrid": "S" + "G." + made(22) + "." + made(43),
    "digitalocean": "dop" + "_v1_" + made(64, HEX),
    "vault": "hv" + "s." + made(30),
    "telegram": "123456789" + ":AA" + made(33),
    "docker": "dckr" + "_pat_" + made(27),
    "azure": "Account" + "Key=" + made(86) + "==",
    "age": "AGE-SECRET" + "-KEY-1" + made(58, CAPITALS),
    "address": "postgres://app:" + "tr4vel9Moon" + "@db.internal:5432/shop",
    "password": "password" + ' = "' + "Tr0ub4dor&3x" + '"',
    "typed": "API" + '_KEY: str = "' + made(32, HEX) + '"',
    "key in json": '"client_' + 'secret": "' + made(24) + '"',
    "keyword": "connect(pass" + "word='" + "kJ8#mQ2!vT" + "')",
    "bearer": "Authorization: " + "Bearer " + made(40),
}
HARMLESS = """
password = input("Password: ")
password = "changeme"
password = os.environ["DB_PASSWORD"]
PASSWORD_RESET_TOKEN = "password-reset-token"
token = "access_token_v2"
token_url = "https://example.org/oauth2/token"
secret = secrets.token_hex(32)
api_key = "YOUR_API_KEY_HERE"
api_key = "${API_KEY}"
key = "application/vnd.api+json;v=1"
url = "postgres://user:password@localhost/test"
url = f"postgres://{user}:{password}@{host}/x"
url = "https://example.org:8080/path@2x.png"
HASHED = "9f86d081884c7d659a2feaa0c55ad015"
git clone git@github.com:org/repo.git
class TokenBucket: pass
def secret_santa(names: list[str]) -> dict[str, str]:
passwd = getpass.getpass()
const tokenTypes = ["keyword", "string", "comment"]
header = "Authorization: Bearer " + token
id = "a1b2c3"
password: "correct horse battery"
assert password == "short1"
AKIA is how such an id begins
skip_live_tests = True
""".strip().split("\n")


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("frame", ["{}", "x = 1\nvalue = '{}'\n", 'f("{}")\n', "{}\n"])
def test_a_credential_that_a_scanner_finds_is_found(token: str, frame: str):
    assert has_credential(frame.replace("{}", token))


@pytest.mark.parametrize("text", HARMLESS)
def test_text_that_only_mentions_credentials_is_harmless(text: str):
    assert not has_credential(text + "\n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", ["", "# ", "KEY = '''", '  "key": "', "const key = `"], ids=repr)
def test_a_private_key_is_found(kind: str, before: str):
    header = f"-----BEGIN {kind}PRIVATE " + "KEY-----"
    lines = [f"{before}{header}\n", f"{LINE}\n"]
    assert has_private_key(["x = 1\n", *lines])
    assert has_private_key([f"{before}{header}\\n{LINE}\\n"])
    assert has_private_key([f'{before}{header}\\n"\n', f'    "{LINE}\\n"\n'])
    assert has_credential("".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        "---- BEGIN SSH2 ENCRYPTED PRIVATE " + "KEY ----\n",
        "-----BEGIN PGP PRIVATE " + "KEY BLOCK-----\n\nlQdG\n",
        "PuTTY-User-Key" + "-File-3: ssh-ed25519\n",
        TOKENS["age"] + "\n",
    ],
)
def test_keys_of_other_programs_are_found(text: str):
    assert has_private_key(text.splitlines(keepends=True))
    assert has_credential(text)


@pytest.mark.parametrize(
    "text",
    [
        'if line.startswith("-----BEGIN RSA PRIVATE ' + 'KEY-----"):\n    return load(line)\n',
        'HEADER = b"-----BEGIN PRIVATE ' + 'KEY-----\\n"\nFOOTER = b"-----END"\n',
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n",
        "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n",
        'MARKS = ("PRIVATE KEY", "AGE-SECRET-KEY-")\n',
        "",
    ],
)
def test_source_code_that_mentions_a_header_is_harmless(text: str):
    assert not has_private_key(text.splitlines(keepends=True))


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(sorted(TOKENS)))
def test_a_credential_is_found_between_any_lines(before: str, after: str, name: str):
    assert has_credential(f"{before}\n {TOKENS[name]} \n{after}")


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("other", ["x = 1\n", "é", "A"], ids=repr)
def test_a_credential_is_found_at_any_place_of_a_long_text(name: str, other: str):
    """No place is where one search ends and the next begins."""
    token = f" {TOKENS[name]} "
    for end in range(3_950, 4_010 + len(token), 7):
        before = (other * 4_200)[: end - len(token)]
        assert has_credential(before + token + other * 100)


def test_a_part_of_a_long_word_is_no_credential_wherever_a_search_ends():
    word = "dap" + "i" + made(32, HEX)  # with one character more it is none
    for start in range(1_900, 2_100):
        assert has_credential(f"{'x' * (start - 1)} {word} {'x' * 500}")
        assert not has_credential(f"{'x' * (start - 1)} {word}0 {'x' * 500}")


def test_a_text_with_more_headers_than_source_code_has_holds_keys():
    header = "-----BEGIN RSA PRIVATE " + "KEY-----"
    assert not has_private_key([f'"{header}",\n'] * 999)
    assert has_private_key([f'"{header}",\n'] * 1_001)


@pytest.mark.parametrize(
    "piece",
    ["eyJ-", "eyJ" + "a" * 14 + ".", "://a:b", "password='", "sk-", "aws", "-----BEGIN ", "token:",
     "AKIA", "xoxb-", "hf_", "secret = \"a1B2", " " * 5 + "pwd", "A1-", "PRIVATE KEY", "@://:"],
)  # fmt: skip
def test_no_text_takes_long(piece: str):
    text = piece * (1_000_000 // len(piece))
    has_credential(text)
    has_private_key([text])
    has_private_key([piece] * 20_000)
