"""How the weights of two lanes are kept in memory."""

from __future__ import annotations

import pytest
from attrs import evolve

from leanwide.models.residency import Residency, ResidencySetting, WeightSizes, choose_residency

GB = 10**9
MAPPED = WeightSizes(size_bytes=17 * GB, experts=128, mapped=True)
COPIED = evolve(MAPPED, mapped=False)
DENSE = evolve(MAPPED, experts=0)


@pytest.mark.parametrize(
    ("setting", "weights", "memory", "residency", "reason"),
    [
        (ResidencySetting.AUTO, MAPPED, 16 * GB, Residency.SHARED, "map the same file"),
        (
            ResidencySetting.AUTO,
            evolve(MAPPED, experts=None),
            16 * GB,
            Residency.SHARED,
            "map the same file",
        ),
        (ResidencySetting.AUTO, COPIED, 64 * GB, Residency.SHARED, "holds the weights twice"),
        (
            ResidencySetting.AUTO,
            COPIED,
            32 * GB,
            Residency.SINGLE,
            "does not hold the weights twice",
        ),
        (ResidencySetting.AUTO, DENSE, 64 * GB, Residency.SINGLE, "no experts"),
        (ResidencySetting.SHARED, DENSE, 64 * GB, Residency.SINGLE, "no experts"),
        (ResidencySetting.SHARED, COPIED, 16 * GB, Residency.SHARED, "the weights are there twice"),
        (ResidencySetting.SINGLE, MAPPED, 64 * GB, Residency.SINGLE, "machine.residency says so"),
        (ResidencySetting.SWAP, MAPPED, 64 * GB, Residency.SWAP, "machine.residency says so"),
        (ResidencySetting.SWAP, DENSE, 64 * GB, Residency.SINGLE, "no experts"),
    ],
)
def test_the_residency_follows_from_machine_and_model(setting, weights, memory, residency, reason):
    found = choose_residency(setting, weights, memory)
    assert found.residency is residency
    assert reason in found.reason
