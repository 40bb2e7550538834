"""Measures how much of freely generated text is verbatim training text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from training.data import layout
from training.data.evaluation_set import Case
from training.data.holes import Hole
from training.data.packed import Samples
from training.measure.llama import SERVED, Load, Runner

RUNS: Final = (10, 20, 50)
LENGTH: Final = 60
TEMPERATURE: Final = 0.8
SLICE: Final = 1 << 18
"""Tokens of training text whose hashes are in memory at a time."""
PRIME: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Shares of ``texts`` sampled texts of ``LENGTH`` tokens that training text contains.

    ``covered`` is, by run length, the share of tokens in a run of at least that length that also
    occurs in training text; ``whole`` is the share of texts with a run of 50.
    """

    texts: int
    covered: dict[int, float]
    whole: float


def measure(model: Path, samples: Samples, cases: list[Case], count: int) -> Verbatim:
    """Sample ``count`` texts, half after held-out prompts and half after training prompts."""
    texts = sampled(model, samples, cases, count)
    found = {length: found_in(samples.tokens, texts, length) for length in RUNS}
    return Verbatim(
        len(texts),
        {length: float(covered(hits, length).mean()) for length, hits in found.items()},
        float(found[50].any(axis=1).mean()),
    )


def covered(hits: np.ndarray, length: int) -> np.ndarray:
    """Return a mask of the tokens inside found runs, from a mask of where runs begin."""
    rows, starts = hits.shape
    inside = np.zeros((rows, starts + length - 1), dtype=bool)
    for shift in range(length):
        inside[:, shift : shift + starts] |= hits
    return inside


def windows(tokens: np.ndarray, length: int) -> np.ndarray:
    """Return the hash of every run of ``length`` tokens along the last axis."""
    count = tokens.shape[-1] - length + 1
    total = np.zeros((*tokens.shape[:-1], count), dtype=np.uint64)
    for place in range(length):
        total = total * PRIME + tokens[..., place : place + count].astype(np.uint64) + np.uint64(1)
        total ^= total >> np.uint64(29)
    return total


def sampled(model: Path, samples: Samples, cases: list[Case], count: int) -> np.ndarray:
    """Sample texts of exactly ``LENGTH`` tokens at the nominal expert count."""
    load = Load(experts=4, context=2048, threads=2, precision=SERVED)
    random = np.random.default_rng(1)
    with Runner(model, load) as runner:
        prompts = [
            layout.infill_prompt(
                case.path, (), Hole(case.kind, case.prefix, "", case.suffix), runner.encode
            )
            for case in cases[: count // 2]
        ]
        numbers = random.integers(len(samples), size=count - len(prompts))
        prompts += [samples[number][:200].tolist() for number in numbers]
        return np.array([runner.sample(p, LENGTH, TEMPERATURE, random) for p in prompts])


def found_in(training: np.ndarray, texts: np.ndarray, length: int) -> np.ndarray:
    """Return a mask of the runs of ``length`` tokens in the texts that are in training text."""
    asked = windows(texts, length)
    known = np.unique(asked)
    seen = np.zeros(len(known), dtype=bool)
    for first in range(0, len(training) - length + 1, SLICE):
        passed = windows(training[first : first + SLICE + length - 1], length)
        places = np.searchsorted(known, passed).clip(max=len(known) - 1)
        seen[places[known[places] == passed]] = True
    return seen[np.searchsorted(known, asked)]
