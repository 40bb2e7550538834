"""``leanwide compare``: the contenders, the verdict, the page and the program."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import attrs
import pytest

from leanwide.cli.compare import _write, contest_of
from leanwide.comparing import compare as comparing
from leanwide.comparing.compare import MAXIMUM, SMART
from leanwide.comparing.energy import EnergyMeter
from leanwide.comparing.page import page
from leanwide.comparing.plot import Plot, Point, draw
from leanwide.comparing.report import (
    AS_TYPED,
    MOMENTS,
    Comparison,
    as_data,
    sections,
    verdict,
)
from leanwide.engine.base import EngineError
from leanwide.options import parse
from leanwide.tuning.repository import read_repository
from leanwide.tuning.trial import RequestOutcome, TrialOutcome
from leanwide.tuning.visits import VisitMoment

PROGRAM = str(Path(sys.executable).with_name("leanwide"))


@pytest.fixture
def contest(code):
    """The embedded model with the built-in settings."""
    return contest_of(parse()[0], read_repository(code, ()))


def compared(contest, *, visits=20, smart_nats=100.0, smart_ms=100.0, joules=None):
    """A comparison in which only leanwide's own setting differs from all others."""

    def asked(contender, number, place, when):
        is_smart = contender.name == SMART
        return RequestOutcome(
            place=f"{number}-{place}",
            when=when,
            tokens=40,
            nats=(smart_nats if is_smart else 100.0) + number % 7,
            prompt_tokens=300,
            evaluated=200,
            ms=smart_ms if is_smart else 100.0,
            similarity=0.5,
        )

    def outcome(contender, number):
        first = ((0, VisitMoment.COLD), (1, VisitMoment.JUMP), (2, VisitMoment.JUMP))
        everything = (*first, *((place, VisitMoment.PAUSE) for place, _ in first))
        return TrialOutcome(
            subject=str(number),
            setting=contender.setting,
            asked=tuple(asked(contender, number, place, when) for place, when in everything),
            joules=joules,
        )

    outcomes = {
        contender: {str(number): outcome(contender, number) for number in range(visits)}
        for contender in contest.contenders
    }
    return Comparison.of(contest, outcomes)


def test_smart_maximum_and_defaults_have_their_settings(contest):
    smart, maximum, defaults, *between = contest.contenders
    assert (smart.setting.experts, smart.setting.context_tokens) == (2, 2048 - 320)
    assert (maximum.setting.experts, maximum.setting.context_tokens) == (16, 2048 - 320)
    assert (defaults.setting.experts, defaults.setting.context_tokens) == (4, 2048 - 320)
    settings = [contender.setting for contender in between]
    assert len(set(settings)) == len(settings)
    assert smart.setting not in settings


async def test_a_visit_that_takes_too_long_is_cancelled(contest, tmp_path, monkeypatch):
    """Only visits that all contenders finished count."""
    first = contest.contenders[-1]

    async def run_visit(visit, setting, bench):
        if setting != first.setting:
            await asyncio.sleep(1000)
        return TrialOutcome(subject=visit.id, setting=setting, asked=())

    monkeypatch.setattr(comparing, "run_visit", run_visit)
    contest = attrs.evolve(contest, index_folder=tmp_path / "index")
    found = await comparing.compare(contest, 1.0, lambda _: None)
    assert set(map(len, found.values())) == {0}


def test_settings_that_are_the_defaults_are_measured_once(contest):
    usual = contest.contenders[2].setting
    contenders = attrs.evolve(contest, smart=usual).contenders
    named = [contender.name for contender in contenders if contender.name]
    assert named == [SMART, MAXIMUM]


@pytest.mark.parametrize(
    ("nats", "ms", "sentence"),
    [
        (110.0, 200.0, r"is certainly worse than the maximum's \(\+9\.\d% \(.*\)\), at 2\.0 times"),
        (100.0, 50.0, r"is not certainly worse than the maximum's .*, at 1/2\.0 of its time"),
        (90.0, 50.0, r"is certainly better than the maximum's .* \(50 against 100 ms\)\.$"),
    ],
)
def test_the_verdict_says_whether_smart_is_worse_and_faster(contest, nats, ms, sentence):
    smart, _ = verdict(compared(contest, smart_nats=nats, smart_ms=ms))
    assert re.search(f"^As typed, the NLL of smart {sentence}", smart)


def test_every_moment_has_a_row_of_its_own(contest):
    comparison = compared(contest)
    assert comparison.places == 60
    titles = [title for title, _ in sections(comparison)]
    assert titles == ["as typed", *MOMENTS]
    requests = {name: part.figures.requests for name, part in comparison.rows[0].parts.items()}
    assert requests == {
        AS_TYPED: 120,
        VisitMoment.COLD: 20,
        VisitMoment.JUMP: 40,
        VisitMoment.PAUSE: 60,
    }


def test_too_few_places_give_no_verdict(contest):
    (sentence,) = verdict(compared(contest, visits=5))
    assert "15 places to complete are too few to compare" in sentence


def test_the_page_is_self_contained(contest):
    text = page(compared(contest, joules=1.25))
    assert "code &amp; &lt;more&gt;" in text
    assert "prefers-color-scheme: dark" in text
    assert "1.25 J" in text
    assert not re.search(r"""(?:src|href)=|url\(|@import|<script""", text)
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(plots) == 2
    for plot in plots:
        circles = ElementTree.fromstring(plot).iter("circle")
        assert MAXIMUM in {circle.get("class", "").split()[1] for circle in circles}


def test_the_page_and_the_data_are_written_to_the_same_folder(contest, tmp_path):
    comparison = compared(contest)
    _write(tmp_path / "a" / "b", comparison, json.dumps(as_data(comparison)).encode())
    assert (tmp_path / "a" / "b" / "compare.html").read_text() == page(comparison)
    assert json.loads((tmp_path / "a" / "b" / "compare.json").read_text())["places"] == 60
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be written"):
        _write(tmp_path / "file", comparison, b"{}")


def test_the_data_have_every_setting_with_its_interval(contest):
    data = as_data(compared(contest))
    assert len(data["settings"]) == len(contest.contenders)
    for row in data["settings"]:
        for part in row["requests"].values():
            loss = part["nll_beside_maximum"]
            assert loss["low"] <= loss["mean"] <= loss["high"]


def test_a_plot_of_one_point_is_drawn():
    point = Point(label="1", style="smart", x=5, x_low=5, x_high=5, y=0, y_low=0, y_high=0)
    plot = Plot(series=[point], others=[], x_title="ms", y_title="NLL", summary='"one" & only')
    (circle,) = ElementTree.fromstring(draw(plot)).iter("circle")
    assert 0 < float(circle.get("cx", "0")) < 640


# Energy


def counters(tmp_path, energy, wraps_at=1_000_000):
    folder = tmp_path / "intel-rapl:0"
    folder.mkdir(exist_ok=True)
    (folder / "energy_uj").write_text(f"{energy}\n")
    (folder / "max_energy_range_uj").write_text(f"{wraps_at - 1}\n")


def test_energy_is_counted_over_a_wrap_of_the_counter(tmp_path):
    counters(tmp_path, 900_000)
    meter = EnergyMeter.at(tmp_path)
    assert (meter.reason, meter.joules()) == ("", 0.0)
    counters(tmp_path, 150_000)
    assert meter.joules() == pytest.approx(0.25)
    counters(tmp_path, 250_000)
    assert meter.joules() == pytest.approx(0.35)


def test_a_machine_without_energy_counters_has_a_reason(tmp_path):
    meter = EnergyMeter.at(tmp_path / "nowhere")
    assert meter.joules() is None
    assert meter.reason == "this machine has no energy counters that can be read"


# The program


def test_the_program_measures_and_says_that_it_had_no_time(code, tmp_path):
    result = subprocess.run(
        [PROGRAM, "compare", str(code), "--minutes", "0", "--to", str(tmp_path / "to"), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    data = json.loads(result.stdout)
    assert data["model"] == "leanwide embedded"
    assert "too few to compare" in result.stderr
    assert not (tmp_path / "to").exists()
