"""The devices that llama.cpp was built for and sees: processors, and GPUs with their memory.

Listing them starts the GPU drivers, in this process.
"""

from __future__ import annotations

import contextlib
import ctypes
import enum
from collections.abc import Sequence
from typing import Any, Final

import psutil
from attrs import frozen

from leanwide import child
from leanwide.engine.ggml import bind
from leanwide.models.fit import Hardware

GPU_RESERVE_BYTES: Final = 1 << 30
"""Memory of each GPU that stays free, for the driver and the screen; llama.cpp leaves as much."""
_POINTER, _INT, _SIZE, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p
_BASE: Final = {
    "ggml_backend_dev_name": (_TEXT, _POINTER),
    "ggml_backend_dev_description": (_TEXT, _POINTER),
    "ggml_backend_dev_type": (_INT, _POINTER),
    "ggml_backend_dev_memory": (None, _POINTER, _POINTER, _POINTER),
    "ggml_backend_dev_backend_reg": (_POINTER, _POINTER),
    "ggml_backend_reg_name": (_TEXT, _POINTER),
}
_REGISTRY: Final = {
    "ggml_backend_reg_count": (_SIZE,),
    "ggml_backend_reg_get": (_POINTER, _SIZE),
    "ggml_backend_dev_count": (_SIZE,),
    "ggml_backend_dev_get": (_POINTER, _SIZE),
}


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


def list_devices() -> Devices:
    """Return what llama.cpp was built for and sees; nothing where its build does not say."""
    # A build that loads its backends at run time looks for them in the working directory, too.
    with contextlib.suppress(OSError, AttributeError), contextlib.chdir(child.HOME):
        call = {**bind("base", _BASE), **bind("", _REGISTRY)}
        registered = range(call["ggml_backend_reg_count"]())
        names = [_text(call, "reg_name", call["ggml_backend_reg_get"](each)) for each in registered]
        devices = range(call["ggml_backend_dev_count"]())
        return Devices(
            backends=tuple(names),
            devices=tuple(_device(call, call["ggml_backend_dev_get"](each)) for each in devices),
        )
    return NO_DEVICES


def _device(call: dict[str, Any], handle: int) -> Device:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    call["ggml_backend_dev_memory"](handle, ctypes.byref(free), ctypes.byref(total))
    return Device(
        backend=_text(call, "reg_name", call["ggml_backend_dev_backend_reg"](handle)),
        name=_text(call, "dev_name", handle),
        description=_text(call, "dev_description", handle),
        kind=DeviceKind(call["ggml_backend_dev_type"](handle)),
        free_bytes=free.value,
        total_bytes=total.value,
    )


def _text(call: dict[str, Any], function: str, handle: int) -> str:
    text: bytes = call[f"ggml_backend_{function}"](handle)
    return text.decode("utf-8", "replace").strip()


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
