"""What this processor can do and a build of llama.cpp does not use.

A wheel runs on many processors, so it is built for what all of them have; llama.cpp fixes that when
it is compiled. ``llama_print_system_info`` lists what a build uses.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import shlex
import sys
from pathlib import Path
from typing import Final

from leanwide import child

_FLAGS: Final = {
    "AVX": "avx",
    "AVX2": "avx2",
    "F16C": "f16c",
    "FMA": "fma",
    "AVX_VNNI": "avx_vnni",
    "AVX512": "avx512f",
    "AVX512_VNNI": "avx512_vnni",
    "DOTPROD": "asimddp",
    "MATMUL_INT8": "i8mm",
}
"""llama.cpp's name of a feature that makes prompts faster → Linux's name of the processor's."""
_APPLE: Final = {"FEAT_DotProd": "asimddp", "FEAT_I8MM": "i8mm", "avx2_0": "avx2"}
"""macOS's name of a feature → Linux's."""
_CPUINFO: Final = Path("/proc/cpuinfo")


def unused_features(built: str, flags: frozenset[str]) -> tuple[str, ...]:
    """Return the features that the processor has and a build lacks, under llama.cpp's names.

    Args:
        built: The build's features, such as ``CPU : AVX2 = 1 | OPENMP = 1``.
        flags: The processor's, under Linux's names.
    """
    used = set(re.findall(r"(\w+) = [1-9]", built))
    return tuple(name for name, flag in _FLAGS.items() if flag in flags and name not in used)


def processor_flags() -> frozenset[str]:
    """Return what the processor can do, under Linux's names; empty where that is not known."""
    try:
        if sys.platform == "darwin":
            return apple_flags(asyncio.run(_sysctl()))
        return linux_flags(_CPUINFO.read_text("ascii", "replace"))
    except OSError:  # TimeoutError is one
        return frozenset()


async def _sysctl() -> str:
    """Return what macOS says about its processor.

    Raises:
        OSError: It says nothing.
    """
    process = await child.start(("/usr/sbin/sysctl", "hw.optional"))
    async with asyncio.timeout(10):
        output, _ = await process.communicate()
    return output.decode("utf-8", "replace")


def linux_flags(cpuinfo: str) -> frozenset[str]:
    """Return the features that every core has, from the text of ``/proc/cpuinfo``."""
    cores = re.findall(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    return frozenset.intersection(*(frozenset(core.split()) for core in cores or [""]))


def apple_flags(sysctl: str) -> frozenset[str]:
    """Return the features in the output of ``sysctl hw.optional``, under Linux's names."""
    has = re.findall(r"^hw\.optional\.(?:arm\.)?(\w+): 1$", sysctl, re.MULTILINE)
    return frozenset(_APPLE[name] for name in has if name in _APPLE)


def rebuild_command(feature: str, version: str) -> str:
    """Return the shell command that compiles llama-cpp-python with a feature of ggml.

    It takes nothing from pip's cache, which does not know what a wheel was compiled for.
    """
    python = shlex.quote(child.python()[0])
    installer = f"{python} -m pip install"
    if importlib.util.find_spec("pip") is None:
        installer = f"uv pip install --python {python}"
    return (
        f"CMAKE_ARGS=-DGGML_{feature}=ON {installer} --force-reinstall --no-deps --no-cache-dir "
        f"--no-binary llama-cpp-python llama-cpp-python=={version}"
    )
