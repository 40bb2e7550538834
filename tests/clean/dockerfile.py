"""Runs a Dockerfile's steps in clean Debians, in place of Docker, and its commands afterwards.

A base image is a clean Debian, which has Python as Debian packages it. COPY takes what the
instruction names, whatever a .dockerignore says.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from string import Template
from typing import Final

from attrs import evolve, frozen
from dockerfile_parse import DockerfileParser

from tests.clean.debian import CleanDebian

BaseImage = Callable[[], AbstractContextManager[CleanDebian]]

_DECLARED: Final = ("COMMENT", "EXPOSE", "VOLUME")
"""Instructions that tell Docker something, and change nothing in an image."""


@frozen
class Image:
    """A stage of a Dockerfile as far as it is built."""

    debian: CleanDebian
    user: str = "root"
    health: Sequence[str] = ()
    """The command of HEALTHCHECK."""
    entry: Sequence[str] = ()
    """The command of ENTRYPOINT."""


@contextmanager
def built(
    path: Path, context: Path, arguments: Mapping[str, str], base: BaseImage
) -> Iterator[Image]:
    """Build a Dockerfile; yield its last stage, and delete it afterwards.

    Args:
        path: The Dockerfile.
        context: The folder from which COPY takes files.
        arguments: Values of ARG in place of the default ones.
        base: Makes what each base image is replaced with.

    Raises:
        RuntimeError: A step failed; its message is on the terminal.
    """
    stages: dict[str, Image] = {}
    with ExitStack() as stack:
        name = ""
        for step in DockerfileParser(str(path)).structure:
            instruction, value = step["instruction"], step["value"]
            if instruction == "FROM":
                name = value.partition(" AS ")[2]
                stages[name] = Image(stack.enter_context(base()))
            elif instruction not in _DECLARED:
                print(f"{instruction} {value}")
                folders = {stage: at.debian.root for stage, at in stages.items()}
                folders[""] = context
                stages[name] = _after(stages[name], instruction, value, folders, arguments)
        yield stages[name]


def _after(
    image: Image,
    instruction: str,
    value: str,
    folders: Mapping[str, Path],
    arguments: Mapping[str, str],
) -> Image:
    """Return an image after an instruction."""
    match instruction:
        case "ARG":
            name, _, default = value.partition("=")
            variables = {name: arguments.get(name, default)}
            return evolve(image, debian=image.debian.with_variables(variables))
        case "ENV":
            given = dict(pair.split("=", 1) for pair in shlex.split(value))
            variables = {
                name: Template(text).safe_substitute(image.debian.variables)
                for name, text in given.items()
            }
            return evolve(image, debian=image.debian.with_variables(variables))
        case "RUN":
            if image.debian.call(image.user, "sh", "-c", value) != 0:
                raise RuntimeError(f"this step failed: RUN {value}")
            return image
        case "COPY":
            _copy(image, shlex.split(value), folders)
            return image
        case "USER":
            return evolve(image, user=value)
        case "WORKDIR":
            _inside(image.debian.root, value).mkdir(parents=True, exist_ok=True)
            return image
        case "HEALTHCHECK":
            return evolve(image, health=json.loads(value.partition("CMD ")[2]))
        case "ENTRYPOINT":
            return evolve(image, entry=json.loads(value))
    raise RuntimeError(f"{instruction} is not known here")


def _copy(image: Image, words: Sequence[str], folders: Mapping[str, Path]) -> None:
    """Copy files, or a folder's contents, into an image."""
    stage = words[0].partition("--from=")[2]
    *sources, target = words[1:] if stage else words
    root = folders[stage]
    for source in sources:
        place, to = _inside(root, source), _inside(image.debian.root, target)
        if place.is_dir():
            shutil.copytree(place, to, symlinks=True)
        else:
            folder = to if target.endswith("/") else to.parent
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(place, folder / place.name if target.endswith("/") else to)


def _inside(root: Path, path: str) -> Path:
    return root / path.lstrip("/")
