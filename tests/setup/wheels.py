"""Wheels of llama-cpp-python, indexes of them, and environments to install them into."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path

from attrs import frozen

NAME = "llama-cpp-python"
INSTALLED = metadata.distribution(NAME)
NEEDED = ("pip", "numpy", "diskcache", "jinja2", "markupsafe", "typing_extensions")
"""What the binding needs, and pip: linked into the environments of tests, as no index is asked."""
Contents = Mapping[str, bytes]


def installed_contents() -> Contents:
    """Return the files of the installed binding."""
    files = [file for file in INSTALLED.files or () if file.parts[0] == "llama_cpp"]
    paths = {file.as_posix(): Path(str(file.locate())) for file in files if ".pyc" not in file.name}
    return {name: path.read_bytes() for name, path in paths.items()}


def write_wheel(folder: Path, contents: Contents, version: str = INSTALLED.version) -> Path:
    """Write a wheel for this platform, as the binding's own are tagged."""
    [tag] = re.findall(r"^Tag: (.+)$", INSTALLED.read_text("WHEEL") or "", re.MULTILINE)
    info = f"llama_cpp_python-{version}.dist-info"
    described = INSTALLED.read_text("METADATA") or ""  # it also says what the binding needs
    about = {
        f"{info}/METADATA": described.replace(
            f"Version: {INSTALLED.version}", f"Version: {version}"
        ),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n",
    }
    files = {**contents, **{name: text.encode() for name, text in about.items()}}
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    path = folder / f"llama_cpp_python-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in files.items():
            wheel.writestr(name, data)
        wheel.writestr(f"{info}/RECORD", record)
    return path


@contextlib.contextmanager
def serving_index(folder: Path) -> Iterator[str]:
    """Serve the wheels of a folder as a package index; yield its URL."""
    project = folder / "index" / NAME
    project.mkdir(parents=True)
    links = []
    for wheel in folder.glob("*.whl"):
        wheel.rename(project / wheel.name)
        links.append(f'<a href="{wheel.name}">{wheel.name}</a>')
    (project / "index.html").write_text("\n".join(links))
    handler = functools.partial(Quiet, directory=str(folder / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@frozen
class Environment:
    """A virtual environment without llama-cpp-python, whose pip asks no index but the named one."""

    python: Path
    folder: Path

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run its Python with these variables besides."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        for name in ("CMAKE_ARGS", "LEANWIDE_BACKEND", "LEANWIDE_WHEELS"):
            kept.pop(name, None)
        own = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": (self.folder / "empty").as_uri()}
        return subprocess.run(
            [str(self.python), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**kept, **own, **variables},
            timeout=300,  # shared machines stall
        )

    def installed(self) -> str:
        """Return the installed version of llama-cpp-python; "" if there is none."""
        script = f"from importlib import metadata; print(metadata.version({NAME!r}))"
        return self.run("-c", script).stdout.strip()


def new_environment(folder: Path) -> Environment:
    """Make a virtual environment in ``folder``."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    linked = folder / "linked"
    linked.mkdir()
    (folder / "empty").mkdir()
    for name in NEEDED:
        for path in installed_places(metadata.distribution(name)):
            (linked / path.name).symlink_to(path)
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "linked.pth").write_text(f"{linked}\n")
    return Environment(folder / "venv" / "bin" / "python", folder)


def installed_places(found: metadata.Distribution) -> set[Path]:
    """Return the files and folders of a distribution, directly below ``site-packages``."""
    tops = {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}
    return {Path(str(found.locate_file(top))) for top in tops}
