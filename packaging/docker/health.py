"""Asks the endpoint in this container for its health. Exit code 1: it is not well."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

ADDRESS = "http://127.0.0.1:8012/health"
TOKEN = Path("/run/secrets/leanwide-token")
TIMEOUT_S = 8


def main() -> str:
    """Return what is wrong; "" if nothing is."""
    headers = {"Authorization": f"Bearer {TOKEN.read_text('utf-8').strip()}"}
    try:
        # Nothing that the environment names stands between this program and the endpoint.
        build_opener(ProxyHandler({})).open(Request(ADDRESS, headers=headers), timeout=TIMEOUT_S)
    except (URLError, TimeoutError) as error:
        return str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main() or 0)
