"""Next edits as tables and as JSON data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs
from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide import __version__
from leanwide_bench.infilling.statistics import Share, wilson
from leanwide_bench.next_edit.asking import NextEditResult
from leanwide_bench.next_edit.cases import Expectation
from leanwide_bench.next_edit.judging import ProposalOutcome
from leanwide_bench.replay.measure import Spread, spread

_ALL: Final = "all"


@frozen(kw_only=True)
class NextEditFigures:
    """One way of proposing at cases of one language, or of all."""

    way: str
    language: str
    """Its name, or "all"."""
    cases: int
    show_rate: Share | None
    """Of the cases in which something follows, those in which something is shown."""
    quiet_rate: Share | None
    """Of the quiet cases, those in which nothing is shown."""
    exact_rate: Share | None
    """Of all that is shown in any case, what is exactly the author's."""
    parses_worse: int
    ms: Spread | None
    """Of every request, those with nothing to show included."""
    shown_ms: Spread | None
    """Of those with something to show."""
    tokens: Spread | None
    """Tokens that the model evaluated, where it judged something."""


@frozen(kw_only=True)
class OutcomeCounts:
    """What one way shows at cases of one expectation."""

    way: str
    expectation: Expectation
    cases: int
    shown: int
    outcomes: dict[ProposalOutcome, int]


def figures(results: Sequence[NextEditResult]) -> list[NextEditFigures]:
    """Return figures of every way, by language and of all."""
    ways = dict.fromkeys(result.way for result in results)
    languages = sorted({result.language for result in results})
    return [
        _figures(way, language, found)
        for way in ways
        for language in (*(languages if len(languages) > 1 else ()), _ALL)
        if (found := [each for each in results if _belongs(each, way, language)])
    ]


def outcomes(results: Sequence[NextEditResult]) -> list[OutcomeCounts]:
    """Return what every way shows, by what the cases expect."""
    ways = dict.fromkeys(result.way for result in results)
    return [
        _outcomes(way, expected, found)
        for way in ways
        for expected in Expectation
        if (found := [each for each in results if (each.way, each.expectation) == (way, expected)])
    ]


def as_data(results: Sequence[NextEditResult], model: str, seed: int) -> dict[str, Any]:
    """Return figures and all results as JSON data; units are in the names."""
    return {
        "leanwide": __version__,
        "model": model,
        "seed": seed,
        "figures": [attrs.asdict(each) for each in figures(results)],
        "outcomes": [attrs.asdict(each) for each in outcomes(results)],
        "results": [attrs.asdict(result) for result in results],
    }


def as_tables(results: Sequence[NextEditResult]) -> tuple[Table, Table]:
    """Return a table of rates and costs, and one of what is shown."""
    return _rates(figures(results)), _counts(outcomes(results))


def _rates(found: Sequence[NextEditFigures]) -> Table:
    table = Table(
        *("", "language", "cases", "shown where it follows", "quiet where nothing does"),
        *("of shown: exact", "parses worse", "ms", "ms if shown", "tokens"),
        box=SIMPLE_HEAD,
        title="Next edits",
        caption="with 95 % intervals; ms and tokens: p50, p95",
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for each in found:
        rates = map(_percent, (each.show_rate, each.quiet_rate, each.exact_rate))
        costs = (_pair(each.ms), _pair(each.shown_ms), _pair(each.tokens))
        table.add_row(
            each.way, each.language, str(each.cases), *rates, str(each.parses_worse), *costs
        )
    return table


def _counts(found: Sequence[OutcomeCounts]) -> Table:
    table = Table(
        *("", "expected", "cases", "shown", *ProposalOutcome),
        box=SIMPLE_HEAD,
        title="What is shown",
    )
    for column in table.columns[2:]:
        column.justify = "right"
    for each in found:
        counts = (each.outcomes[outcome] for outcome in ProposalOutcome)
        numbers = map(str, (each.cases, each.shown, *counts))
        table.add_row(each.way, each.expectation, *numbers)
    return table


def _belongs(result: NextEditResult, way: str, language: str) -> bool:
    return result.way == way and language in (result.language, _ALL)


def _figures(way: str, language: str, results: Sequence[NextEditResult]) -> NextEditFigures:
    following = [each for each in results if each.expectation is Expectation.FOLLOWS]
    quiet = [each for each in results if each.expectation is Expectation.QUIET]
    shown = [each.shown for each in results if each.shown is not None]
    return NextEditFigures(
        way=way,
        language=language,
        cases=len(results),
        show_rate=_share([each.shown is not None for each in following]),
        quiet_rate=_share([each.shown is None for each in quiet]),
        exact_rate=_share([each.outcome is ProposalOutcome.EXACT for each in shown]),
        parses_worse=sum(each.parses_worse for each in shown),
        ms=spread(each.ms for each in results),
        shown_ms=spread(each.ms for each in results if each.shown is not None),
        tokens=spread(each.tokens for each in results if each.tokens),
    )


def _outcomes(way: str, expected: Expectation, results: Sequence[NextEditResult]) -> OutcomeCounts:
    shown = [each.shown.outcome for each in results if each.shown is not None]
    return OutcomeCounts(
        way=way,
        expectation=expected,
        cases=len(results),
        shown=len(shown),
        outcomes={outcome: shown.count(outcome) for outcome in ProposalOutcome},
    )


def _share(truths: Sequence[bool]) -> Share | None:
    return wilson(sum(truths), len(truths)) if truths else None


def _pair(found: Spread | None) -> str:
    return f"{found.p50:,.0f}, {found.p95:,.0f}" if found else "-"


def _percent(share: Share | None) -> str:
    if share is None:
        return "-"
    return f"{100 * share.share:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f})"
