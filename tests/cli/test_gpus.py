"""What is said about GPUs that are there and not used."""

from __future__ import annotations

from pathlib import Path

import pytest

from leanwide.cli.gpus import advice, vendors
from leanwide.engine.devices import list_devices
from leanwide.engine.hardware import (
    GPU_RESERVE_BYTES,
    Device,
    DeviceKind,
    Devices,
    usable_gpu_bytes,
)

CPU_ONLY = Devices(backends=("CPU",), devices=())
VULKAN = Devices(backends=("Vulkan", "CPU"), devices=())


def device(kind: DeviceKind, free: int = 8 << 30) -> Device:
    return Device(
        backend="Vulkan",
        name="Vulkan0",
        description="a card",
        kind=kind,
        free_bytes=free,
        total_bytes=8 << 30,
    )


def with_devices(*kinds: DeviceKind) -> Devices:
    return Devices(backends=("Vulkan", "CPU"), devices=tuple(map(device, kinds)))


USED = with_devices(DeviceKind.CPU, DeviceKind.GPU)


@pytest.mark.parametrize(
    ("devices", "present", "layers", "has_cuda", "sentence"),
    [
        (CPU_ONLY, (), "auto", False, ""),
        (USED, ("AMD",), "auto", False, ""),
        (USED, ("AMD",), 0, False, 'a card is not used: model.gpu_layers is 0; "auto" uses it'),
        (CPU_ONLY, ("NVIDIA",), "auto", True, "CMAKE_ARGS=-DGGML_CUDA=ON"),
        (CPU_ONLY, ("NVIDIA",), "auto", False, "LEANWIDE_BACKEND=vulkan make setup"),
        (CPU_ONLY, ("AMD",), "auto", True, "LEANWIDE_BACKEND=vulkan make setup"),
        (CPU_ONLY, ("Apple",), "auto", False, "LEANWIDE_BACKEND=metal make setup"),
        (VULKAN, ("AMD",), "auto", False, "built for Vulkan, does not see it: check its driver"),
    ],
)
def test_a_gpu_that_is_not_used_is_named_with_what_to_do(
    devices, present, layers, has_cuda, sentence
):
    said = advice(devices, present, layers, has_cuda=has_cuda)
    assert sentence in said
    assert bool(said) is bool(sentence)


def test_gpus_are_found_by_their_maker_and_those_in_a_processor_of_intel_are_not(tmp_path: Path):
    for address, kind, vendor in (
        ("0000:00:02.0", "0x030000", "0x8086"),
        ("0000:01:00.0", "0x030000", "0x1002"),
        ("0000:02:00.0", "0x030200", "0x10de"),
        ("0000:03:00.0", "0x020000", "0x8086"),
    ):
        (tmp_path / address).mkdir()
        (tmp_path / address / "class").write_text(f"{kind}\n")
        (tmp_path / address / "vendor").write_text(f"{vendor}\n")
    (tmp_path / "0000:04:00.0").mkdir()
    assert vendors(tmp_path) == ("NVIDIA", "AMD")
    assert vendors(tmp_path / "nowhere") == ()


def test_a_gpu_in_the_processor_is_used_where_there_is_no_other():
    own, inside = DeviceKind.GPU, DeviceKind.IGPU
    assert [gpu.kind for gpu in with_devices(inside, own, own).gpus] == [own, own]
    assert [gpu.kind for gpu in with_devices(DeviceKind.CPU, inside).gpus] == [inside]


def test_some_memory_of_each_gpu_stays_free():
    cards = [
        device(DeviceKind.GPU),
        device(DeviceKind.GPU, free=5 << 30),
        device(DeviceKind.GPU, 0),
    ]
    assert usable_gpu_bytes(cards) == (13 << 30) - 2 * GPU_RESERVE_BYTES
    assert usable_gpu_bytes([]) is None


def test_this_build_of_llama_cpp_names_its_backends_and_devices():
    found = list_devices()
    assert "CPU" in found.backends
    assert any(each.kind is DeviceKind.CPU and each.total_bytes > 0 for each in found.devices)
