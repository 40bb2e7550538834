"""Which licences permit to learn from a text and to publish the model."""

from __future__ import annotations

import re
from typing import Final

PERMITTED: Final = re.compile(
    r"\b(MIT|Expat|X11|0?BSD|Apache|ISC|Zlib|BSL-1(?!\.1)|Boost|PSF|HPND|"
    r"Python Software Foundation|Unlicense|CC0|public[- ]domain|PostgreSQL|curl|NCSA|NTP|"
    r"BlueOak|libpng|Freely Distributable|X)(?![a-z])",
    re.IGNORECASE,
)
REFUSED: Final = re.compile(
    r"GPL|MPL|EPL|CDDL|GNU|Mozilla|Eclipse|EUPL|SSPL|OSL|QPL|CPL|GFDL|OFL|Artistic|CC-BY|"
    r"Commons.?Clause|Proprietary|Commercial|Business|Elastic|UNLICENSED|BSD-4|BSD-124|"
    r"BSD-protection|Apache-1|NonCommercial|Prior|restriction|custom|variant|"
    r"Attribution|endorsement|CLA\b|BY-LC",
    re.IGNORECASE,
)
"""Copyleft, and conditions on use or advertising, also in variants of permissive licences."""
_EXCEPTION: Final = re.compile(r"\bwith\b[^,()]*?exceptions?", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[,/|;]|\band\b|\bor\b", re.IGNORECASE)


def permits(licence: str) -> bool:
    """Whether every licence that an expression names permits the use, as far as it tells.

    That of a choice one does not is enough to refuse it.
    """
    named = [part.strip() for part in _BETWEEN.split(_EXCEPTION.sub("", licence))]
    return any(named) and all(
        PERMITTED.search(part) and not REFUSED.search(part) for part in named if part
    )
