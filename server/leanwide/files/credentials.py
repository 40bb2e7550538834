"""Whether a text holds a private key or a credential. Pure.

The formats are public: the rules of gitleaks, the signatures of shhgit, and the documentation of
the services. A credential without a format of its own is recognised by its name and by how random
it looks; in doubt, a text is harmless.

A format is searched only in texts with its mark, and every repetition in it is bounded: the time is
linear in the length of the text. A text is searched in pieces, between which other threads run: one
search of ``re`` holds the GIL to its end.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from attrs import frozen

KEY_MARKS: Final = ("PRIVATE KEY", "PuTTY-User-Key-File-", "AGE-SECRET-KEY-")
"""A text without any of these holds no private key; to look for them is much faster."""
_HEADER: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"|---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----"
)
_WHOLE_KEY: Final = re.compile(
    r"PuTTY-User-Key-File-[1-9]: \S|AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{20}"
)
_MAX_HEADERS: Final = 1_000
"""Headers of keys in a text; one with more holds keys, or is data."""
_SEARCHED: Final = 300
"""Characters after the header of a key in which its text begins."""
_LINES_SEARCHED: Final = 4
"""Lines in which it begins, the rest of the header's own included."""
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/]{32,300}")
_PIECE: Final = 2_000
"""Characters in which one search begins: a few milliseconds in any text."""
_LONGEST: Final = 400
"""Characters of a match, with one after it; no format but those that say so has longer ones."""


def has_private_key(lines: Sequence[str]) -> bool:
    """Whether a private key begins in a text; a header alone, as in source code, is none."""
    text = "".join(lines)  # one search in all of it is many times faster than one per line
    if not any(mark in text for mark in KEY_MARKS):
        return False
    headers = enumerate(_matches(_HEADER, text), start=1)
    return any(_matches(_WHOLE_KEY, text)) or any(
        number > _MAX_HEADERS or _begins_key(text, header.end()) for number, header in headers
    )


def has_credential(text: str) -> bool:
    """Whether a piece of text holds a credential, as a scanner finds it, or part of a key."""
    if any(mark in text for mark in KEY_MARKS) and (
        any(_matches(_HEADER, text)) or any(_matches(_WHOLE_KEY, text))
    ):
        return True
    lower = text.lower()
    return (
        any(found.is_in(text, lower) for found in _FORMATS)
        or _has_password(text)
        or _has_random_literal(text, lower)
    )


def _begins_key(text: str, at: int) -> bool:
    """Whether a key begins after a header that ends at ``at``."""
    after = text[at : at + _SEARCHED].splitlines(keepends=True)[:_LINES_SEARCHED]
    return not "".join(after[:1]).strip() or any(
        map(_looks_encoded, _ENCODED.findall("".join(after)))
    )


def _matches(
    pattern: re.Pattern[str], text: str, longest: int = _LONGEST
) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern as ``finditer`` does, but search in pieces.

    Args:
        pattern: What to search for.
        text: All of the text; what stands around a match is seen in other pieces too.
        longest: Characters of the longest match, with one after it.
    """
    at = 0
    while at < len(text):
        end = at + _PIECE
        for found in pattern.finditer(text, at, end + longest):
            if found.start() >= end:
                break
            yield found
            at = found.end()
        at = max(at, end)


@frozen
class _Format:
    """The format of one kind of credential."""

    marks: tuple[str, ...]
    """In lower case; the pattern is searched only in texts with one of them."""
    pattern: re.Pattern[str]
    longest: int
    """Characters of the longest match, with one after it."""

    def is_in(self, text: str, lower: str) -> bool:
        """Whether a text has a credential of this format; ``lower`` is the text in lower case."""
        return any(mark in lower for mark in self.marks) and any(
            _matches(self.pattern, text, self.longest)
        )


def _format(marks: str, pattern: str, longest: int = _LONGEST) -> _Format:
    return _Format(tuple(marks.split()), re.compile(pattern), longest)


_FORMATS: Final = (
    # Clouds
    _format("akia asia abia acca a3t", r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    _format("aws", r"(?i)aws.{0,20}(?:secret|session).{0,20}['\"=:\s]{1,6}[A-Za-z0-9/+]{40}"),
    _format("aiza", r"\bAIza[\w-]{35}"),
    _format("gocspx-", r"\bGOCSPX-[\w-]{28}"),
    _format("ya29.", r"\bya29\.[\w-]{30}"),
    _format("accountkey= sharedaccesskey=", r"(?:Account|SharedAccess)Key=[\w+/]{40}"),
    _format("dop_v1_ doo_v1_ dor_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}"),
    _format("hvs. hvb. hvr.", r"\bhv[sbr]\.[\w-]{24}"),
    _format("atlasv1", r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60}"),
    _format("pul-", r"\bpul-[a-f0-9]{40}\b"),
    _format("dapi", r"\bdapi[a-f0-9]{32}\b"),
    _format("tskey-", r"\btskey-[a-z]{2,10}-[\w-]{10}"),
    _format("fo1_ fm2_", r"\bfo1_[\w-]{43}|\bfm2_[\w+/]{100}"),
    _format("sbp_", r"\bsbp_[a-f0-9]{40}\b"),
    _format("pscale_", r"\bpscale_(?:tkn|pw|oauth)_[\w.=-]{32}"),
    _format("dp.pt. dp.st.", r"\bdp\.[ps]t\.[\w.-]{40}"),
    # Code and packages
    _format("ghp_ gho_ ghu_ ghs_ ghr_", r"\bgh[pousr]_[A-Za-z0-9]{36}"),
    _format("github_pat_", r"\bgithub_pat_\w{36}"),
    _format(
        "glpat- gldt- glptt- glrt- glsoat- glcbt- glimt- glft- glagent- gloas-",
        r"\bgl(?:pat|dt|ptt|rt|soat|cbt|imt|ft|agent|oas)-[\w-]{20}",
    ),
    _format("atatt3 atctt3", r"\bAT[AC]TT3[\w=-]{50}"),
    _format("npm_", r"\bnpm_[A-Za-z0-9]{36}"),
    _format("pypi-", r"\bpypi-AgE[\w-]{50}"),
    _format("rubygems_", r"\brubygems_[a-f0-9]{48}"),
    _format("cio", r"\bcio[A-Za-z0-9]{32}\b"),
    _format("oy2", r"\boy2[a-z0-9]{43}\b"),
    _format("dckr_pat_", r"\bdckr_pat_[\w-]{27}"),
    # Models
    _format("t3blbkfj", r"(?<![\w-])sk-[\w-]{20,200}T3BlbkFJ[\w-]{20}"),
    _format("sk-proj- sk-svcacct- sk-admin-", r"\bsk-(?:proj|svcacct|admin)-[\w-]{40}"),
    _format("sk-ant-", r"\bsk-ant-[\w-]{30}"),
    _format("hf_ api_org_", r"\bhf_[A-Za-z0-9]{34}\b|\bapi_org_[A-Za-z0-9]{34}\b"),
    _format("gsk_", r"\bgsk_[A-Za-z0-9]{48}"),
    _format("xai-", r"\bxai-[A-Za-z0-9]{60}"),
    _format("r8_", r"\br8_[A-Za-z0-9]{37}\b"),
    _format("pplx-", r"\bpplx-[A-Za-z0-9]{40}"),
    # Messages and payments
    _format("xox", r"\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10}"),
    _format("xapp-", r"\bxapp-\d-[A-Za-z0-9-]{20}"),
    _format("hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/[\w/]{20}"),
    _format("webhooks", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60}"),
    _format(":aa", r"\b\d{8,10}:AA[\w-]{33}\b"),
    _format("sk_ rk_", r"\b[sr]k_(?:test|live|prod)_[A-Za-z0-9]{10}"),
    _format("whsec_", r"\bwhsec_[A-Za-z0-9+/]{24}"),
    _format("sq0atp- sq0csp-", r"\bsq0(?:atp-[\w-]{22}|csp-[\w-]{43})"),
    _format("access_token$production$", r"access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    _format("shpat_ shpca_ shppa_ shpss_", r"\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    _format("sg.", r"\bSG\.[\w-]{16,32}\.[\w-]{16}"),
    _format("key-", r"\bkey-[a-f0-9]{32}\b"),
    _format("sk", r"\bSK[0-9a-f]{32}\b"),
    # Services
    _format("nrak-", r"\bNRAK-[A-Z0-9]{27}"),
    _format("glsa_ glc_", r"\bglsa_\w{32}_[A-Fa-f0-9]{8}|\bglc_[\w+/=]{32}"),
    _format("sntrys_ sntryu_", r"\bsntry[su]_[\w+/=]{40}"),
    _format("lin_api_", r"\blin_api_[A-Za-z0-9]{40}"),
    _format("ntn_ secret_", r"\bntn_[A-Za-z0-9]{40}|\bsecret_[A-Za-z0-9]{43}\b"),
    _format("pmak-", r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    _format("dt0c01.", r"\bdt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    _format("-----begin pgp message", r"-----BEGIN PGP MESSAGE-----"),
    # Formats that many services share
    _format("eyj", r"(?<![\w-])eyJ[\w-]{14,2000}+\.eyJ[\w-]{14,4000}+\.[\w-]{10}", 6_100),
    _format("authorization:", r"(?i)authorization:\s{0,4}(?:basic|bearer)\s{1,4}[\w+/.~-]{16}"),
)  # fmt: skip

_PASSWORD_IN_ADDRESS: Final = re.compile(
    r"://[^\s:@/\"'`<>{}$]{0,64}+:([^\s@/\"'`<>{}$%*\[\]]{6,128}+)@[\w.\[-]"
)
_NAMED: Final = re.compile(
    r"""(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key
        |auth[_-]?key|private[_-]?key|encryption[_-]?key|credentials?)
        ["']?\ {0,4}(?::\ {0,2}[\w.&]{1,30}\ {0,4})?(?:=>|:=|=|:)\ {0,4}
        [A-Za-z]{0,2}["'`]([^"'`\s]{8,200})["'`]""",
    re.IGNORECASE | re.VERBOSE,
)
"""A literal after a name, or a key, that ends in a word for credentials."""
_NAMED_MARKS: Final = ("pass", "pwd", "secret", "token", "key", "credential")
_PLACEHOLDERS: Final = (
    "example", "sample", "changeme", "change_me", "placeholder", "dummy", "fake", "your", "xxxx",
    "test", "password", "passwd", "secret", "redacted", "hunter2", "foobar", "12345", "abcdef",
    "<", "{", "$", "...", "://", "***",
)  # fmt: skip
"""Text that no real credential contains."""
_COMMON: Final = frozenset({"postgres", "mysql", "mariadb", "rabbitmq", "guest1", "admin123"})
_SEPARATOR: Final = re.compile(r"[\s_./:-]")
"""A character between words."""
_RUN: Final = re.compile(r"\d+|[a-z]+|[A-Z]+|[^\da-zA-Z]+")
_MIN_SWITCHES: Final = 3
"""Changes between small letters, capitals, digits and others within words of a random literal."""
_MIN_BITS: Final = 3.2
"""Entropy of a random literal, in bits per character."""


def _has_password(text: str) -> bool:
    """Whether an address contains a password."""
    return "://" in text and any(
        not _is_placeholder(found[1]) for found in _matches(_PASSWORD_IN_ADDRESS, text)
    )


def _has_random_literal(text: str, lower: str) -> bool:
    """Whether a literal with a name for a credential looks random."""
    return any(mark in lower for mark in _NAMED_MARKS) and any(
        _is_random(found[1]) and not _is_placeholder(found[1]) for found in _matches(_NAMED, text)
    )


def _is_placeholder(value: str) -> bool:
    lower = value.lower()
    return lower in _COMMON or any(mark in lower for mark in _PLACEHOLDERS)


def _is_random(value: str) -> bool:
    """Whether a literal does not look like words or numbers."""
    switches = sum(len(_RUN.findall(piece)) - 1 for piece in _SEPARATOR.split(value) if piece)
    least = min(_MIN_BITS, math.log2(len(value)) - 0.5)
    return (
        switches >= _MIN_SWITCHES
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and _entropy(value) >= least
    )


def _looks_encoded(text: str) -> bool:
    """Whether a text has digits, small letters and capitals, as encoded data has."""
    return all(any(map(kind, text)) for kind in (str.isdigit, str.islower, str.isupper))


def _entropy(value: str) -> float:
    """Return the entropy of a text by the counts of its characters, in bits per character."""
    shares = (count / len(value) for count in Counter(value).values())
    return -sum(share * math.log2(share) for share in shares)
