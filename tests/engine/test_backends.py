"""ggml loads backend libraries from the working directory, which must not be a project."""

from __future__ import annotations

import ctypes
import json
import subprocess
from pathlib import Path

import llama_cpp
import pytest

from leanwide import child
from leanwide.engine import devices
from leanwide.engine.hardware import NO_DEVICES

GGML = next((Path(llama_cpp.__file__).parent / "lib").glob("libggml.[sd]*"))
LOAD_ALL = f"import ctypes; ctypes.CDLL({str(GGML)!r}).ggml_backend_load_all()"
"""What llama.cpp does in a build that loads its backends at run time."""

LIBRARY = """
#include <stdio.h>
__attribute__((constructor)) static void run(void) { fclose(fopen(WITNESS, "w")); }
"""


@pytest.fixture
def witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that exists once a library of the working directory was loaded."""
    found = tmp_path / "witness"
    (tmp_path / "library.c").write_text(LIBRARY.replace("WITNESS", json.dumps(str(found))))
    (tmp_path / "project").mkdir()
    command = ["cc", "-shared", "-fPIC", "-o", "project/libggml-cuda.so", "library.c"]
    subprocess.run(command, check=True, cwd=tmp_path)
    monkeypatch.chdir(tmp_path / "project")
    return found


async def test_a_child_loads_no_library_of_the_folder_it_was_started_in(witness: Path):
    await (await child.start(child.python("-c", LOAD_ALL))).communicate()
    assert not witness.exists()
    subprocess.run(child.python("-c", LOAD_ALL), check=True)
    assert witness.exists(), "in that folder it would be loaded"


def test_listing_devices_loads_no_library_of_the_working_directory(
    witness: Path, monkeypatch: pytest.MonkeyPatch
):
    load_all = ctypes.CDLL(str(GGML)).ggml_backend_load_all

    def bind(*_):
        load_all()
        raise OSError("it was built otherwise")

    monkeypatch.setattr(devices, "bind", bind)
    assert devices.list_devices() == NO_DEVICES
    assert not witness.exists()
    load_all()
    assert witness.exists()
