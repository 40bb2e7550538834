"""Which licences permit to learn from a text and to publish the model."""

from __future__ import annotations

import re
from typing import Final

PERMITTED: Final = re.compile(
    r"\b(MIT|Expat|X11|0?BSD|Apache|ISC|Zlib|BSL-1(?!\.1)|Boost|PSF|HPND|"
    r"Python Software Foundation|Unlicense|CC0|public[- ]domain|PostgreSQL|curl|NCSA|NTP|"
    r"BlueOak|libpng)(?![a-z])",
    re.IGNORECASE,
)
REFUSED: Final = re.compile(
    r"GPL|MPL|EPL|CDDL|GNU|Mozilla|Eclipse|EUPL|SSPL|OSL|QPL|CPL|GFDL|OFL|Artistic|CC-BY|"
    r"Commons.?Clause|Proprietary|Commercial|Business|Elastic|UNLICENSED|BSD-4|BSD-protection|"
    r"Apache-1|NonCommercial|\bNC\b|Ruby|JSON",
    re.IGNORECASE,
)
"""Copyleft, and conditions on use or advertising; where it is one of a choice, all are refused."""


def permits(licence: str) -> bool:
    """Whether a licence's name or expression permits the use, as far as it tells."""
    return bool(PERMITTED.search(licence)) and not REFUSED.search(licence)
