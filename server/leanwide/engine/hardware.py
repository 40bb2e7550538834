"""The memory of this machine and of its GPUs, and what llama.cpp can compute on.

Listing devices loads llama.cpp and starts the GPU drivers, so a process of its own does that.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence
from typing import Final

import msgspec
import psutil
from attrs import frozen

from leanwide import child
from leanwide.models.fit import Hardware

GPU_RESERVE_BYTES: Final = 1 << 30
"""Memory of each GPU that stays free, for the driver and the screen; llama.cpp leaves as much."""
_TIMEOUT_S: Final = 20.0
"""Seconds after which a driver is not waited for."""


class DeviceKind(enum.IntEnum):
    """``enum ggml_backend_dev_type``."""

    CPU = 0
    GPU = 1
    IGPU = 2
    """A GPU that uses the machine's memory."""
    ACCEL = 3
    """A library that the CPU uses, such as BLAS."""
    META = 4
    """Several GPUs as one."""


@frozen(kw_only=True)
class Device:
    """One device."""

    backend: str
    """The part of llama.cpp that uses it, such as ``CUDA``."""
    name: str
    description: str
    kind: DeviceKind
    free_bytes: int
    total_bytes: int
    """0 where the driver does not say."""


@frozen(kw_only=True)
class Devices:
    """What llama.cpp can compute on."""

    backends: tuple[str, ...]
    """What it was built for; a backend may have no device here."""
    devices: tuple[Device, ...]

    @property
    def gpus(self) -> tuple[Device, ...]:
        """The GPUs that llama.cpp uses: those in the processor only where there is no other."""
        own = tuple(device for device in self.devices if device.kind is DeviceKind.GPU)
        return own or tuple(device for device in self.devices if device.kind is DeviceKind.IGPU)


NO_DEVICES: Final = Devices(backends=(), devices=())


def usable_gpu_bytes(gpus: Sequence[Device]) -> int | None:
    """Return the memory of GPUs that a model may take; None without any, 0 if it is unknown.

    llama.cpp divides the layers by the free memory of each.
    """
    if not gpus:
        return None
    return sum(max(0, gpu.free_bytes - GPU_RESERVE_BYTES) for gpu in gpus)


def hardware(gpus: Sequence[Device]) -> Hardware:
    """Return the memory of this machine and of its GPUs."""
    memory = psutil.virtual_memory()
    return Hardware(
        memory_bytes=memory.total,
        free_bytes=memory.available,
        gpu_bytes=usable_gpu_bytes(gpus),
    )


async def find_hardware() -> Hardware:
    """Return this machine's memory and its GPUs'; without GPUs where their drivers fail."""
    with contextlib.suppress(TimeoutError, OSError, msgspec.DecodeError):
        return msgspec.json.decode(await _listed_apart(), type=Hardware)
    return hardware(())


async def _listed_apart() -> bytes:
    process = await child.start(
        child.python("-m", "leanwide.engine.hardware_process"), stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            output, _ = await process.communicate()
        return output
    finally:
        await child.end(process)
