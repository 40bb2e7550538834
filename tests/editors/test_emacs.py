"""Emacs's lsp-mode with the configuration of ``docs/editors.md``, in batch mode."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.editors.debian import install
from tests.editors.neovim import SERVER
from tests.editors.snippets import snippet

TEXT = "def count_words(text):\n    return len(text.split())\n"
STEPS = Path(__file__).with_name("emacs.el")
NO_COMPILER = "(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil)"


def test_code_actions_run_and_a_suggestion_is_accepted(tmp_path: Path):
    path, init = tmp_path / "valid.py", tmp_path / "init.el"
    path.write_text(TEXT)
    init.write_text(snippet("init.el"))
    command, folders = emacs(install("sid") / "usr")
    environment = {"HOME": str(tmp_path), "PATH": f"{SERVER.parent}:/usr/bin:/bin", **folders}
    loads = ["--load", "lsp-mode-autoloads", "--load", str(init), "--load", str(STEPS), str(path)]
    done = subprocess.run(
        [*command, *loads], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Unknown notification" not in done.stderr
    assert done.stdout.split("\n")[-4:] == ["explained", "ghost", "accepted", ""]
    text = path.read_text()
    assert text.startswith('def count_words(text):\n    """')
    suggested = text.rpartition("    return len(")[2]
    assert suggested.strip()


def emacs(usr: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command of an unpacked Emacs with its packages, and its environment variables."""
    (share,) = (path for path in (usr / "share/emacs").iterdir() if path.name != "site-lisp")
    (dump,) = usr.glob("libexec/emacs/*/*/emacs-*.pdmp")
    packages = (usr / "share/emacs/site-lisp/elpa-src").iterdir()
    load_path = [part for package in packages for part in ("--directory", str(package))]
    command = [str(usr / "bin/emacs-nox"), f"--dump-file={dump}", "--batch", "--eval", NO_COMPILER]
    etc = str(share / "etc")
    folders = {"EMACSLOADPATH": str(share / "lisp"), "EMACSDATA": etc, "EMACSDOC": etc}
    return [*command, *load_path], {**folders, "EMACSPATH": str(dump.parent)}
