"""Tries the packages in dist/ with the Python of a clean Debian: ``scripts/try_package.py`` there.

    python -m tests.clean.try_package [SUITE]

Debian's ``trixie`` has Python 3.13, ``sid`` the newest. Exit code 1: they do not work.
"""

from __future__ import annotations

import sys
from typing import Final

from tests.clean.debian import USER, clean_debian
from tests.clean.packages import INDEX, ROOT, built_wheel, copy_in, offer_llama

CHECKOUT: Final = "/srv/checkout"
TRIED: Final = ("dist", "pyproject.toml", "scripts", "server")


def main(suite: str = "trixie") -> int:
    """Try the packages in a clean Debian; return the exit code."""
    print(f"{built_wheel().name} in Debian {suite}")
    with clean_debian(suite) as debian:
        for name in TRIED:
            copy_in(debian, ROOT / name, CHECKOUT)
        offer_llama(debian)
        there = debian.with_variables({"LEANWIDE_WHEELS": INDEX, "HOME": f"/home/{USER}"})
        if there.call(USER, "python3", "--version") != 0:
            return 1
        return there.call(USER, "python3", f"{CHECKOUT}/scripts/try_package.py", "python3")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
