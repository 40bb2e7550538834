"""The energy that the processor used, from Linux's counters (RAPL, on Intel and AMD)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import define, field

POWERCAP: Final = Path("/sys/class/powercap")
"""The kernel's folder with the counters of each processor package."""


@define
class _Package:
    """A counter in microjoules, which wraps around."""

    folder: Path
    last: int
    wraps_at: int
    total: int = 0

    def read(self) -> int:
        now = int((self.folder / "energy_uj").read_text())
        self.total += (now - self.last) % self.wraps_at
        self.last = now
        return self.total


@define
class EnergyMeter:
    """Counts the joules of all processor packages since it was created."""

    reason: str = field(init=False, default="")
    """Why there are no counters; "" if there are."""
    _packages: list[_Package] = field(init=False, factory=list)

    @classmethod
    def at(cls, powercap: Path = POWERCAP) -> EnergyMeter:
        """Return a meter on the counters in a folder."""
        meter = cls()
        try:
            for folder in sorted(powercap.glob("*-rapl:?")):
                now = int((folder / "energy_uj").read_text())
                wraps_at = int((folder / "max_energy_range_uj").read_text()) + 1
                meter._packages.append(_Package(folder, now, wraps_at))
        except PermissionError:
            meter._packages.clear()
            meter.reason = f"only the superuser may read the energy counters in {powercap}"
        except (OSError, ValueError):
            meter._packages.clear()
        if not meter._packages and not meter.reason:
            meter.reason = "this machine has no energy counters that can be read"
        return meter

    def joules(self) -> float | None:
        """Return the joules so far; None without counters."""
        if not self._packages:
            return None
        return sum(package.read() for package in self._packages) / 1e6
