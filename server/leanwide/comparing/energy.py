"""How much energy the processor used, where Linux tells it (RAPL, for Intel and AMD)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import define, field

POWERCAP: Final = Path("/sys/class/powercap")
"""Where the kernel shows the counters of each processor package."""


@define
class _Package:
    """A counter in microjoules, which starts again at some value."""

    folder: Path
    last: int
    turns_at: int
    total: int = 0

    def read(self) -> int:
        now = int((self.folder / "energy_uj").read_text())
        self.total += (now - self.last) % self.turns_at
        self.last = now
        return self.total


@define
class EnergyMeter:
    """Counts the joules of all processor packages since it was made."""

    reason: str = field(init=False, default="")
    """Why it does not; "" where it does."""
    _packages: list[_Package] = field(init=False, factory=list)

    @classmethod
    def at(cls, powercap: Path = POWERCAP) -> EnergyMeter:
        """Look for counters in a folder."""
        meter = cls()
        try:
            for folder in sorted(powercap.glob("*-rapl:?")):
                now = int((folder / "energy_uj").read_text())
                turns_at = int((folder / "max_energy_range_uj").read_text()) + 1
                meter._packages.append(_Package(folder, now, turns_at))
        except PermissionError:
            meter._packages.clear()
            meter.reason = f"only the superuser may read the energy counters in {powercap}"
        except (OSError, ValueError):
            meter._packages.clear()
        if not meter._packages and not meter.reason:
            meter.reason = "this machine does not tell its energy"
        return meter

    def joules(self) -> float | None:
        """Give the joules so far; None where there are no counters."""
        if not self._packages:
            return None
        return sum(package.read() for package in self._packages) / 1e6
