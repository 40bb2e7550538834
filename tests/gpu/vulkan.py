"""A llama.cpp that is built for Vulkan, and a Vulkan device in software to run it on.

Mesa's lavapipe computes on the processor, many times slower than llama.cpp's own CPU backend; but
every call is the one of a real card. All of it stays in a cache folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from platformdirs import user_cache_path

from tests.debian import fetch, own_suite, run

CACHE: Final = user_cache_path("leanwide-test-gpu")
_HEADERS_SUITE: Final = "trixie"
"""The headers of older releases lack what llama.cpp uses; newer ones work with older loaders."""
_PROGRAMS: Final = ("glslc", "libvulkan-dev", "mesa-vulkan-drivers")
_HEADERS: Final = ("libvulkan-dev", "spirv-headers")
_C_LIBRARY: Final = (
    "ld-linux*",
    "libc.so*",
    "libm.so*",
    "libdl.so*",
    "libpthread.so*",
    "librt.so*",
    "libgcc_s.so*",
    "libstdc++.so*",
)
"""Files that are the machine's own: the parts of a C library must be of one build."""
_LIBRARIES: Final = "usr/lib/x86_64-linux-gnu"


def wheel() -> Path:
    """Return a wheel of the installed version of llama-cpp-python, built for Vulkan.

    The first call compiles it; that takes 12 minutes of processor time.

    Raises:
        RuntimeError: What it needs cannot be fetched, or it does not compile.
    """
    installed = version("llama-cpp-python")
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = CACHE / f"wheel-{installed}"
    found = sorted(folder.glob("*.whl"))
    if not found:
        _build(f"llama-cpp-python=={installed}", folder)
        found = sorted(folder.glob("*.whl"))
    return found[0]


def device_environment() -> dict[str, str]:
    """Return the environment variables with which llama.cpp finds the device in software.

    Raises:
        RuntimeError: It cannot be fetched.
    """
    programs = _programs()
    driver = CACHE / "lavapipe.json"
    library = programs / _LIBRARIES / "libvulkan_lvp.so"
    described = {"library_path": str(library), "api_version": "1.3.0"}
    driver.write_text(json.dumps({"file_format_version": "1.0.0", "ICD": described}))
    return {
        "LD_LIBRARY_PATH": str(programs / _LIBRARIES),
        "VK_DRIVER_FILES": str(driver),
        # Its programs are compiled when they are first used, which takes minutes.
        "MESA_SHADER_CACHE_DIR": str(CACHE / "shaders"),
        "GALLIVM_PERF": "nopt",
        "GGML_VK_VISIBLE_DEVICES": "0",  # llama.cpp takes a device in software only by number
    }


def _programs() -> Path:
    """Return the folder with the shader compiler, the loader and the driver of this release."""
    folder = CACHE / own_suite()

    def finish() -> None:
        for library in (folder / "lib/x86_64-linux-gnu", folder / _LIBRARIES):
            for name in _C_LIBRARY:
                for file in library.glob(name):
                    file.unlink()

    fetch(own_suite(), _PROGRAMS, folder, finish)
    return folder


def _build(requirement: str, folder: Path) -> None:
    """Compile a wheel; where that was interrupted, continue."""
    source = _source(requirement)
    programs, headers = _programs(), CACHE / f"{_HEADERS_SUITE}-headers"
    fetch(_HEADERS_SUITE, _HEADERS, headers)
    cmake = {
        "GGML_VULKAN": "ON",
        "LLAVA_BUILD": "OFF",
        "Vulkan_INCLUDE_DIR": headers / "usr/include",
        "Vulkan_LIBRARY": programs / _LIBRARIES / "libvulkan.so",
        "Vulkan_GLSLC_EXECUTABLE": programs / "usr/bin/glslc",
        "CMAKE_PREFIX_PATH": headers / "usr",
    }
    environment = {
        **os.environ,
        "CMAKE_ARGS": " ".join(f"-D{name}={value}" for name, value in cmake.items()),
        "LD_LIBRARY_PATH": str(programs / _LIBRARIES),
    }
    log = CACHE / "build.log"
    # pip's cache would keep this wheel for an environment that wants one for the CPU.
    pip = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "--verbose")
    to = ("--config-settings", f"build-dir={source / 'build'}", "--wheel-dir", str(folder))
    with log.open("w") as output:
        command = (*pip, *to, str(source))
        code = subprocess.call(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    if code != 0:
        raise RuntimeError(f"llama.cpp did not compile for Vulkan: the log is {log}")
    shutil.rmtree(source)


def _source(requirement: str) -> Path:
    """Return the unpacked source of llama-cpp-python, without the parts that the wheel leaves out.

    The helpers of llama.cpp's own programs take a quarter of the time to compile.
    """
    folder = CACHE / "source"
    if not folder.exists():
        with TemporaryDirectory(dir=CACHE) as scratch:
            pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
            run(*pip, "--no-binary", "llama-cpp-python", "--dest", scratch, requirement)
            (archive,) = Path(scratch).glob("*.tar.gz")
            shutil.unpack_archive(archive, scratch, filter="data")
            (unpacked,) = (path for path in Path(scratch).iterdir() if path.is_dir())
            rules = unpacked / "CMakeLists.txt"
            common = "LLAMA_BUILD_COMMON {} CACHE"
            text = rules.read_text().replace(common.format("ON"), common.format("OFF"))
            rules.write_text(text)
            unpacked.rename(folder)
    return folder


if __name__ == "__main__":
    print(wheel())
