"""Whether a text holds a private key or a credential, by what it says. Pure.

The forms are public: the rules of gitleaks, the signatures of shhgit, and what the services
document. What has no form of its own is judged by the name that it is given and by how random it
looks; where that is not clear, it is taken for harmless.

A form is looked for only where its mark is, and every repetition in it is bounded: the time is
linear in the length of the text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import compress, repeat
from operator import contains
from typing import Final

from attrs import frozen

_KEY_MARKS: Final = ("PRIVATE KEY", "PuTTY-User-Key-File-", "AGE-SECRET-KEY-")
_HEADER: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"|---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----"
)
_WHOLE_KEY: Final = re.compile(
    r"PuTTY-User-Key-File-[1-9]: \S|AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{20}"
)
_BEHIND: Final = 300
"""Characters behind the header of a key in which its text begins."""
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/]{32,300}")


def has_private_key(lines: Sequence[str]) -> bool:
    """Whether a private key begins in a text; a header that source code only names is none."""
    text = "".join(lines)  # one search in all of it is many times faster than one a line
    marks = [mark for mark in _KEY_MARKS if mark in text]
    return any(
        _begins_key(lines, number)
        for mark in marks
        for number in compress(range(len(lines)), map(contains, lines, repeat(mark)))
    )


def has_credential(text: str) -> bool:
    """Whether a piece of a text holds what a scanner would call a credential, or part of a key."""
    if any(mark in text for mark in _KEY_MARKS) and (
        _HEADER.search(text) or _WHOLE_KEY.search(text)
    ):
        return True
    lower = text.lower()
    return (
        any(form.is_in(text, lower) for form in _FORMS)
        or _holds_password(text)
        or _holds_literal(text, lower)
    )


def _begins_key(lines: Sequence[str], number: int) -> bool:
    line = lines[number]
    if _WHOLE_KEY.search(line):
        return True
    for header in _HEADER.finditer(line):
        rest = line[header.end() :]
        behind = "".join((rest[:_BEHIND], *lines[number + 1 : number + 4]))[:_BEHIND]
        if not rest.strip() or any(map(_is_mixed, _ENCODED.findall(behind))):
            return True
    return False


@frozen
class _Form:
    """What the credentials of one kind look like."""

    marks: tuple[str, ...]
    """In lower case: one of them is in the text, or else there is nothing to look for."""
    pattern: re.Pattern[str]

    def is_in(self, text: str, lower: str) -> bool:
        """Whether there is one in a text, which is given in lower case too."""
        return any(mark in lower for mark in self.marks) and bool(self.pattern.search(text))


def _form(marks: str, pattern: str) -> _Form:
    return _Form(tuple(marks.split()), re.compile(pattern))


_FORMS: Final = (
    # Clouds
    _form("akia asia abia acca a3t", r"\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    _form("aws", r"(?i)aws.{0,20}(?:secret|session).{0,20}['\"=:\s]{1,6}[A-Za-z0-9/+]{40}"),
    _form("aiza", r"\bAIza[\w-]{35}"),
    _form("gocspx-", r"\bGOCSPX-[\w-]{28}"),
    _form("ya29.", r"\bya29\.[\w-]{30}"),
    _form("accountkey= sharedaccesskey=", r"(?:Account|SharedAccess)Key=[\w+/]{40}"),
    _form("dop_v1_ doo_v1_ dor_v1_", r"\bdo[opr]_v1_[a-f0-9]{64}"),
    _form("hvs. hvb. hvr.", r"\bhv[sbr]\.[\w-]{24}"),
    _form("atlasv1", r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60}"),
    _form("pul-", r"\bpul-[a-f0-9]{40}\b"),
    _form("dapi", r"\bdapi[a-f0-9]{32}\b"),
    _form("tskey-", r"\btskey-[a-z]{2,10}-[\w-]{10}"),
    _form("fo1_ fm2_", r"\bfo1_[\w-]{43}|\bfm2_[\w+/]{100}"),
    _form("sbp_", r"\bsbp_[a-f0-9]{40}\b"),
    _form("pscale_", r"\bpscale_(?:tkn|pw|oauth)_[\w.=-]{32}"),
    _form("dp.pt. dp.st.", r"\bdp\.[ps]t\.[\w.-]{40}"),
    # Code and packages
    _form("ghp_ gho_ ghu_ ghs_ ghr_", r"\bgh[pousr]_[A-Za-z0-9]{36}"),
    _form("github_pat_", r"\bgithub_pat_\w{36}"),
    _form(
        "glpat- gldt- glptt- glrt- glsoat- glcbt- glimt- glft- glagent- gloas-",
        r"\bgl(?:pat|dt|ptt|rt|soat|cbt|imt|ft|agent|oas)-[\w-]{20}",
    ),
    _form("atatt3 atctt3", r"\bAT[AC]TT3[\w=-]{50}"),
    _form("npm_", r"\bnpm_[A-Za-z0-9]{36}"),
    _form("pypi-", r"\bpypi-AgE[\w-]{50}"),
    _form("rubygems_", r"\brubygems_[a-f0-9]{48}"),
    _form("cio", r"\bcio[A-Za-z0-9]{32}\b"),
    _form("oy2", r"\boy2[a-z0-9]{43}\b"),
    _form("dckr_pat_", r"\bdckr_pat_[\w-]{27}"),
    # Models
    _form("t3blbkfj", r"(?<![\w-])sk-[\w-]{20,200}T3BlbkFJ[\w-]{20}"),
    _form("sk-proj- sk-svcacct- sk-admin-", r"\bsk-(?:proj|svcacct|admin)-[\w-]{40}"),
    _form("sk-ant-", r"\bsk-ant-[\w-]{30}"),
    _form("hf_ api_org_", r"\bhf_[A-Za-z0-9]{34}\b|\bapi_org_[A-Za-z0-9]{34}\b"),
    _form("gsk_", r"\bgsk_[A-Za-z0-9]{48}"),
    _form("xai-", r"\bxai-[A-Za-z0-9]{60}"),
    _form("r8_", r"\br8_[A-Za-z0-9]{37}\b"),
    _form("pplx-", r"\bpplx-[A-Za-z0-9]{40}"),
    # Messages and payments
    _form("xox", r"\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10}"),
    _form("xapp-", r"\bxapp-\d-[A-Za-z0-9-]{20}"),
    _form("hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/[\w/]{20}"),
    _form("webhooks", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[\w-]{60}"),
    _form(":aa", r"\b\d{8,10}:AA[\w-]{33}\b"),
    _form("sk_ rk_", r"\b[sr]k_(?:test|live|prod)_[A-Za-z0-9]{10}"),
    _form("whsec_", r"\bwhsec_[A-Za-z0-9+/]{24}"),
    _form("sq0atp- sq0csp-", r"\bsq0(?:atp-[\w-]{22}|csp-[\w-]{43})"),
    _form("access_token$production$", r"access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    _form("shpat_ shpca_ shppa_ shpss_", r"\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"),
    _form("sg.", r"\bSG\.[\w-]{16,32}\.[\w-]{16}"),
    _form("key-", r"\bkey-[a-f0-9]{32}\b"),
    _form("sk", r"\bSK[0-9a-f]{32}\b"),
    # Services
    _form("nrak-", r"\bNRAK-[A-Z0-9]{27}"),
    _form("glsa_ glc_", r"\bglsa_\w{32}_[A-Fa-f0-9]{8}|\bglc_[\w+/=]{32}"),
    _form("sntrys_ sntryu_", r"\bsntry[su]_[\w+/=]{40}"),
    _form("lin_api_", r"\blin_api_[A-Za-z0-9]{40}"),
    _form("ntn_ secret_", r"\bntn_[A-Za-z0-9]{40}|\bsecret_[A-Za-z0-9]{43}\b"),
    _form("pmak-", r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    _form("dt0c01.", r"\bdt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    _form("-----begin pgp message", r"-----BEGIN PGP MESSAGE-----"),
    # Forms that many share
    _form("eyj", r"(?<![\w-])eyJ[\w-]{14,2000}+\.eyJ[\w-]{14,4000}+\.[\w-]{10}"),
    _form("authorization:", r"(?i)authorization:\s{0,4}(?:basic|bearer)\s{1,4}[\w+/.~-]{16}"),
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
"""A literal behind a name that ends in a word for credentials, or is a key of such a name."""
_NAMED_MARKS: Final = ("pass", "pwd", "secret", "token", "key", "credential")
_PLACEHOLDERS: Final = (
    "example", "sample", "changeme", "change_me", "placeholder", "dummy", "fake", "your", "xxxx",
    "test", "password", "passwd", "secret", "redacted", "hunter2", "foobar", "12345", "abcdef",
    "<", "{", "$", "...", "://", "***",
)  # fmt: skip
"""What no credential holds that is in use."""
_COMMON: Final = frozenset({"postgres", "mysql", "mariadb", "rabbitmq", "guest1", "admin123"})
_BETWEEN: Final = re.compile(r"[\s_./:-]")
"""What stands between words."""
_RUN: Final = re.compile(r"\d+|[a-z]+|[A-Z]+|[^\da-zA-Z]+")
_LEAST_SWITCHES: Final = 3
"""Changes from small letters to capitals, digits or others, within what could be words."""
_LEAST_BITS: Final = 3.2
"""Entropy of a literal, in bits a character, from which on it looks random."""


def _holds_password(text: str) -> bool:
    """Whether an address names a password."""
    return "://" in text and any(
        not _is_for_show(found[1]) for found in _PASSWORD_IN_ADDRESS.finditer(text)
    )


def _holds_literal(text: str, lower: str) -> bool:
    """Whether a literal that is called a credential looks random."""
    return any(mark in lower for mark in _NAMED_MARKS) and any(
        _is_random(found[1]) and not _is_for_show(found[1]) for found in _NAMED.finditer(text)
    )


def _is_for_show(value: str) -> bool:
    lower = value.lower()
    return lower in _COMMON or any(mark in lower for mark in _PLACEHOLDERS)


def _is_random(value: str) -> bool:
    """Whether no words and no numbers can be read in a literal."""
    switches = sum(len(_RUN.findall(piece)) - 1 for piece in _BETWEEN.split(value) if piece)
    least = min(_LEAST_BITS, math.log2(len(value)) - 0.5)
    return (
        switches >= _LEAST_SWITCHES
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and _bits(value) >= least
    )


def _is_mixed(text: str) -> bool:
    """Whether digits, small and capital letters are in it, as in everything that is encoded."""
    return all(any(map(kind, text)) for kind in (str.isdigit, str.islower, str.isupper))


def _bits(value: str) -> float:
    """The entropy of a text by its own letters, in bits a character."""
    shares = (count / len(value) for count in Counter(value).values())
    return -sum(share * math.log2(share) for share in shares)
