"""Which code can reach a network at all."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "server" / "leanwide"
REACHES_OUT = {
    "aiohttp",
    "ftplib",
    "http",
    "httpcore2",
    "httpx",
    "httpx2",
    "huggingface_hub",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "telnetlib",
    "urllib3",
    "websockets",
}
ALLOWED = {
    "cli/access.py": "the port that an editor connects to",
    "cli/endpoint.py": "the name of this machine, as clients of that port may call it",
    "http/connection.py": "the same port: requests and answers",
    "lsp/listener.py": "the same",
    "engine/host/folder.py": "a socket in a folder of this user's own",
    "engine/host/joining.py": "the same",
    "engine/process/host.py": "the same",
    "engine/remote/http.py": "a server that the user named",
    "models/hub.py": "leanwide models pull",
}


def test_few_modules_can_reach_a_network():
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if any(reaches_out(name) for name in imports(path))
    }
    assert found == set(ALLOWED)


def reaches_out(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in REACHES_OUT or module == "urllib.request"


def imports(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found
