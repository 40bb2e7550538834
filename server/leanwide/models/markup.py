"""Which special tokens are markup: words such as ``<td>`` may have tokens of their own, too."""

from __future__ import annotations

import re
from typing import Final

_BAR: Final = "\uff5c"
"""The full-width vertical bar in DeepSeek's markers."""
MARKUP: Final = re.compile(
    rf"<\|[^<>\n]{{0,60}}>|<[a-z_]{{1,40}}\|>|<{_BAR}[^{_BAR}<>\n]{{1,60}}{_BAR}>"
    r"|</?think(?:ing)?>|</?tool_\w{1,40}>|</?[a-z]{1,20}:[a-z_]{1,40}>"
    r"|<[a-z]{1,40}[_-][a-z_-]{1,60}>|<(?:PRE|SUF|MID|EOT|EOD|s|pad|mask|unused\d{1,9})>|</s>"
    r"|\[/?[A-Z][A-Z_]{1,40}\]"
)
"""The text of a special token that is markup; its work grows with the length of a text only."""
