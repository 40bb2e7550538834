"""Asks llama.cpp for the devices that it was built for and sees.

Listing them starts the GPU drivers, in this process.
"""

from __future__ import annotations

import contextlib
import ctypes
from typing import Any, Final

from leanwide import child
from leanwide.engine.ggml import bind
from leanwide.engine.hardware import NO_DEVICES, Device, DeviceKind, Devices

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
