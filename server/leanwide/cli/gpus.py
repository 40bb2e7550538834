"""The GPUs of this machine, whether llama.cpp uses them, and how to build it for them."""

from __future__ import annotations

import contextlib
import platform
import shutil
import sys
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from leanwide.engine.devices import list_devices
from leanwide.engine.hardware import Devices
from leanwide.engine.processor import rebuild_command

_PCI: Final = Path("/sys/bus/pci/devices")
_DISPLAY: Final = "0x03"
"""The beginning of the PCI class of everything that draws or computes."""
_VENDORS: Final = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_ROOT_BUS: Final = "0000:00:"
"""Where Intel's GPUs are that are part of a processor: they compute no faster than its cores."""
_CPU_BACKENDS: Final = ("CPU", "BLAS")
"""Parts of llama.cpp that use no GPU."""


def report(gpu_layers: object) -> dict[str, Any]:
    """Return what llama.cpp was built for and sees, what this machine has, and advice.

    Args:
        gpu_layers: The setting ``model.gpu_layers``.
    """
    devices, present = list_devices(), vendors()
    return {
        "backends": list(devices.backends),
        "devices": [
            {
                "backend": device.backend,
                "name": device.name,
                "description": device.description,
                "kind": device.kind.name.lower(),
                "free_mb": device.free_bytes // 10**6,
                "total_mb": device.total_bytes // 10**6,
            }
            for device in devices.devices
        ],
        "gpu": bool(devices.gpus),
        "advice": advice(devices, present, gpu_layers, has_cuda=shutil.which("nvcc") is not None),
    }


def vendors(pci: Path = _PCI) -> tuple[str, ...]:
    """Return who made the GPUs of this machine, NVIDIA first; empty where that is unknown."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return ("Apple",)
    found = set()
    for device in pci.glob("*") if pci.is_dir() else ():
        with contextlib.suppress(OSError):
            kind, vendor = ((device / name).read_text().strip() for name in ("class", "vendor"))
            name = _VENDORS.get(vendor, "")
            in_processor = name == "Intel" and device.name.startswith(_ROOT_BUS)
            if kind.startswith(_DISPLAY) and not in_processor:
                found.add(name)
    return tuple(name for name in _VENDORS.values() if name in found)


def advice(
    devices: Devices, present: Collection[str], gpu_layers: object, *, has_cuda: bool
) -> str:
    """Return a sentence on a GPU that is there and not used; "" where there is none.

    Args:
        devices: What llama.cpp was built for and sees.
        present: Who made the GPUs of this machine.
        gpu_layers: The setting ``model.gpu_layers``.
        has_cuda: NVIDIA's compiler is installed.
    """
    if devices.gpus:
        names = ", ".join(gpu.description for gpu in devices.gpus)
        unused = f'{names} is not used: model.gpu_layers is 0; "auto" uses it'
        return unused if gpu_layers == 0 else ""
    if not present or not devices.backends:
        return ""
    built = [name for name in devices.backends if name not in _CPU_BACKENDS]
    gpus = " and ".join(present)
    if built:
        return (
            f"there is a GPU of {gpus}, and llama.cpp, built for {', '.join(built)}, does not see "
            "it: check its driver"
        )
    backend = _backend(next(iter(present)), has_cuda=has_cuda)
    command = rebuild_command(backend.upper(), version("llama-cpp-python"))
    return (
        f"there is a GPU of {gpus}, and llama.cpp was built for the CPU only: run "
        f"`{command}`, or in a checkout `LEANWIDE_BACKEND={backend} make setup` "
        "(docs/models.md says what that needs)"
    )


def _backend(vendor: str, *, has_cuda: bool) -> str:
    """Return the backend to build for; Vulkan needs no compiler of the vendor's."""
    if vendor == "Apple":
        return "metal"
    return "cuda" if vendor == "NVIDIA" and has_cuda else "vulkan"
