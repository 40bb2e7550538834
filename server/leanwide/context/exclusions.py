"""Files that never enter a prompt: secrets by their name, and what the user leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

from attrs import frozen
from pathspec import GitIgnoreSpec

_SECRETS: Final = GitIgnoreSpec.from_lines(
    (
        ".env",
        ".env.*",
        "!.env.example",
        "!.env.sample",
        "!.env.template",
        "*.pem",
        "*.key",
        "*.p12",
        "*.pfx",
        "*.jks",
        "*.keystore",
        "*.kdbx",
        "*.tfvars",
        "*.tfstate",
        "id_rsa*",
        "id_dsa*",
        "id_ecdsa*",
        "id_ed25519*",
        ".netrc",
        ".npmrc",
        ".pypirc",
        ".pgpass",
        ".htpasswd",
        ".git-credentials",
        "credentials",
        "credentials.*",
        "secrets.*",
        ".aws/",
        ".ssh/",
        ".gnupg/",
    )
)
"""Names under which people keep what nobody else may read; patterns as in ``.gitignore``."""


@frozen
class Exclusions:
    """What is left alone in one workspace."""

    root: str
    """Folder that the user's patterns are relative to; "" where there is no workspace."""
    patterns: tuple[str, ...]
    """The user's own patterns, as in ``.gitignore``."""

    def why(self, path: str) -> str | None:
        """Give the reason why a file is left alone, a sentence for the user; None if it is not."""
        if _SECRETS.match_file(path.lstrip("/")):
            return f"{PurePath(path).name} is a secret by its name: it never enters a prompt"
        if self.patterns and _matches(self.patterns, _below(path, self.root)):
            return f"{PurePath(path).name} is excluded by files.exclude"
        return None


SECRETS_ONLY: Final = Exclusions("", ())
"""No workspace, and nothing that the user leaves out."""


def _matches(patterns: Iterable[str], path: str) -> bool:
    return GitIgnoreSpec.from_lines(patterns).match_file(path)


def _below(path: str, root: str) -> str:
    """The path as seen from the root, or without its leading slash where it is elsewhere."""
    if root and PurePath(path).is_relative_to(root):
        return PurePath(path).relative_to(root).as_posix()
    return path.lstrip("/")
