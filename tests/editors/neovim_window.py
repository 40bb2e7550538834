"""A Neovim beside other editors: ``python -m tests.editors.neovim_window FOLDER``.

It types, prints the first suggestion as a line of JSON, and stays until standard input ends.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path

from tests.e2e.session import SOURCE
from tests.editors.debian import install
from tests.editors.neovim import SUITES, Neovim, command


def main(folder: Path) -> None:
    """Open a file in a folder that is its home too, type a call, and print the suggestion."""
    program = install(SUITES["0.12"]) / "usr/bin/nvim"
    with closing(Neovim(command(program, folder), folder)) as editor:
        editor.edit(SOURCE)
        editor.nvim.input("Go        save(")
        print(json.dumps({"suggestion": editor.some_ghost()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
