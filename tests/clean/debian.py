"""A clean Debian in a folder: what its smallest container has, with Python and pipx.

debootstrap makes it once for a suite, into a cache folder; each use gets a copy, in which commands
run as in a container: with a root folder, processes and mounts of their own, and this machine's
network. That needs root. Of this machine it has the authorities that certificates are checked with,
and pip's settings of where packages come from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import evolve, frozen
from platformdirs import user_cache_path

from tests.debian import fetch, mirror, own_suite, run

CACHE: Final = user_cache_path("leanwide-test-clean")
USER: Final = "newcomer"
PACKAGES: Final = ("ca-certificates", "python3", "python3-venv", "pipx")
PASSED_ON: Final = ("index-url", "extra-index-url", "trusted-host", "proxy", "default-timeout")
"""pip's settings that say where packages come from; folders of this machine are left out."""
_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_ENTER: Final = """
set -e
root=$1 user=$2 prepare=$3
shift 3
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
eval "$prepare"
exec chroot --userspec="$user" "$root" "$@"
"""


@frozen
class CleanDebian:
    """A Debian in a folder, and how commands run there."""

    root: Path
    variables: Mapping[str, str]
    """The environment of each command."""
    prepare: str = ""
    """Shell commands on this machine before each command, with its mounts and ``$root``."""

    def read_only(self, *writable: str) -> CleanDebian:
        """Return it as a container with a read-only file system has it.

        Args:
            writable: Folders that are empty and in memory.
        """
        mounts = [f'mount -t tmpfs -o mode=1777 tmpfs "$root{folder}"' for folder in writable]
        commands = ('mount -o remount,bind,ro "$root"', *mounts)
        return evolve(self, prepare="\n".join(commands))

    def with_variables(self, variables: Mapping[str, str]) -> CleanDebian:
        """Return it with more variables in the environment of each command."""
        return evolve(self, variables={**self.variables, **variables})

    def command(self, user: str, *command: str) -> Sequence[str]:
        """Return the command of this machine that runs one there; its end ends all of it."""
        own = ("--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")
        variables = (f"{name}={value}" for name, value in self.variables.items())
        inner = ("/usr/bin/env", "-i", *variables, *command)
        enter = ("sh", "-c", _ENTER, "sh", str(self.root), user, self.prepare)
        return ("unshare", *own, *enter, *inner)

    def call(self, user: str, *command: str) -> int:
        """Run a command there, with its output on this terminal; return its exit code."""
        sys.stdout.flush()
        return subprocess.call(self.command(user, *command))


@contextmanager
def clean_debian(suite: str) -> Iterator[CleanDebian]:
    """Yield a Debian of a suite that nothing was done to; delete it afterwards.

    Raises:
        RuntimeError: It cannot be made here; the message says why.
    """
    if os.geteuid() != 0:
        raise RuntimeError("a root folder of its own needs root: run this as root")
    made = _made(suite)
    with TemporaryDirectory(dir=CACHE) as name:
        root = Path(name) / "root"
        run("cp", "--archive", str(made), str(root))
        yield CleanDebian(root, {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", **_pip()})


def _made(suite: str) -> Path:
    """Return the folder with a suite's Debian; make it first if it is not there."""
    folder = CACHE / suite
    if not folder.exists():
        programs = CACHE / "debootstrap"
        fetch(own_suite(), ("debootstrap",), programs)
        scripts = programs / "usr/share/debootstrap"
        with TemporaryDirectory(dir=CACHE) as name:
            root = Path(name) / "root"
            options = ("--variant=minbase", f"--include={','.join(PACKAGES)}")
            program = str(programs / "usr/sbin/debootstrap")
            where = f"DEBOOTSTRAP_DIR={scripts}"
            run("env", where, program, *options, suite, str(root), mirror())
            _finish(root)
            root.rename(folder)
    return folder


def _finish(root: Path) -> None:
    """Delete what apt fetched; add a user, and what a container gets from its machine."""
    run("chroot", str(root), "apt-get", "clean")
    run("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/bash", USER)
    shutil.copy(_AUTHORITIES, root / _AUTHORITIES.relative_to("/"))
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")


def _pip() -> Mapping[str, str]:
    """Return pip's settings on this machine that say where packages come from, as variables."""
    found: dict[str, str] = {}
    for line in run(sys.executable, "-m", "pip", "config", "list").splitlines():
        name, _, value = line.partition("=")
        name, value = name.rpartition(".")[2], value.strip("'\"")
        if name in PASSED_ON and "file:" not in value:
            found[f"PIP_{name.upper().replace('-', '_')}"] = value
    return found
