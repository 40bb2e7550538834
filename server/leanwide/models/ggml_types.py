"""Sizes of the types that ggml stores numbers in."""

from __future__ import annotations

from typing import Final

BLOCKS: Final = {
    0: (1, 4),  # F32
    1: (1, 2),  # F16
    2: (32, 18),  # Q4_0
    3: (32, 20),  # Q4_1
    6: (32, 22),  # Q5_0
    7: (32, 24),  # Q5_1
    8: (32, 34),  # Q8_0
    10: (256, 84),  # Q2_K
    11: (256, 110),  # Q3_K
    12: (256, 144),  # Q4_K
    13: (256, 176),  # Q5_K
    14: (256, 210),  # Q6_K
    16: (256, 66),  # IQ2_XXS
    17: (256, 74),  # IQ2_XS
    18: (256, 98),  # IQ3_XXS
    20: (32, 18),  # IQ4_NL
    21: (256, 110),  # IQ3_S
    22: (256, 82),  # IQ2_S
    23: (256, 136),  # IQ4_XS
    24: (1, 1),  # I8
    26: (1, 4),  # I32
    30: (1, 2),  # BF16
    39: (32, 17),  # MXFP4
}
"""ggml type → (elements in a block, bytes of a block), from ggml's ``ggml-common.h``."""

MATRIX_BLOCKS: Final = {kind: size for kind, (size, _) in BLOCKS.items() if kind not in (24, 26)}
"""ggml type of a matrix → elements in a block; without the integer types."""
