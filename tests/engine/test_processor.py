"""What a processor can do and a build of llama.cpp does not use."""

from __future__ import annotations

import pytest

from leanwide.engine.process.llama import system_features
from leanwide.engine.processor import apple_flags, linux_flags, processor_flags, unused_features

WHEEL = (
    "CPU : SSE3 = 1 | SSSE3 = 1 | AVX = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | BMI2 = 1 | OPENMP = 1"
)
"""What a published wheel for x86 uses."""
ARM_WHEEL = "CPU : NEON = 1 | ARM_FMA = 1 | LLAMAFILE = 1 | REPACK = 1"
SERVER = """
processor\t: 0
flags\t\t: fpu sse3 avx avx2 f16c fma bmi2 avx512f avx512dq avx512_vnni
processor\t: 1
flags\t\t: fpu sse3 avx avx2 f16c fma bmi2 avx512f avx512dq avx512_vnni
"""
LAPTOP = """
flags\t\t: sse3 avx avx2 f16c fma bmi2 avx_vnni avx512f
vmx flags\t: vnmi preemption_timer
flags\t\t: sse3 avx avx2 f16c fma bmi2 avx_vnni
"""
PI = "processor\t: 0\nFeatures\t: fp asimd evtstrm crc32 atomics fphp asimdhp cpuid asimddp\n"
APPLE = (
    "hw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_I8MM: 0\nhw.optional.floatingpoint: 1\n"
)


@pytest.mark.parametrize(
    ("built", "flags", "unused"),
    [
        (WHEEL, linux_flags(SERVER), ("AVX512", "AVX512_VNNI")),
        (f"{WHEEL} | AVX512 = 1 | AVX512_VNNI = 1", linux_flags(SERVER), ()),
        (WHEEL, linux_flags(LAPTOP), ("AVX_VNNI",)),
        ("CPU : SSE3 = 1", linux_flags(LAPTOP), ("AVX", "AVX2", "F16C", "FMA", "AVX_VNNI")),
        (ARM_WHEEL, linux_flags(PI), ("DOTPROD",)),
        (f"Metal : EMBED_LIBRARY = 1 | {ARM_WHEEL}", apple_flags(APPLE), ("DOTPROD",)),
        (WHEEL, frozenset(), ()),
        (WHEEL, linux_flags(""), ()),
    ],
)
def test_features_are_unused_that_the_processor_has_and_the_build_lacks(built, flags, unused):
    assert unused_features(built, flags) == unused


def test_this_processor_has_what_the_installed_build_uses():
    """The names of both agree: else this build could not run here."""
    flags = processor_flags()
    assert flags, "no flags are known"
    everything = unused_features("", flags)
    assert set(everything) >= set(unused_features(system_features(), flags))
    assert any(f"{name} = 1" in system_features() for name in everything)
