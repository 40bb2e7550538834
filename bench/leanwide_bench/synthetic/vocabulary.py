"""A byte-level BPE vocabulary for synthetic models, with Qwen's markers.

Any text round-trips, because each byte is a token. Common words of code are merged, so that a
prompt has a few characters per token as with a real model. The rest of the vocabulary is filler: no
text tokenizes to it, and it renders as a name, so that the output of a random model is visible.
"""

from __future__ import annotations

import collections
import functools
import itertools

from attrs import frozen

from leanwide_bench.synthetic.shapes import SyntheticError

END_OF_TEXT = "<|endoftext|>"
CHAT_START = "<|im_start|>"
CHAT_END = "<|im_end|>"

FIM_MARKERS = {
    "pre": "<|fim_prefix|>",
    "mid": "<|fim_middle|>",
    "suf": "<|fim_suffix|>",
    "pad": "<|fim_pad|>",
    "rep": "<|repo_name|>",
    "sep": "<|file_sep|>",
}
"""Marker texts by their GGUF name; llama.cpp also recognises them by their text."""

CHAT_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% endif -%}
"""
"""ChatML in Jinja."""

WORDS = """
self def return if for not None import from class and else str int True False is in or with as the
elif raise try except while lambda yield async await pass break continue assert global print len
range list dict set tuple bool float bytes object type super init name value key item index data
text path file line node token state result error args kwargs append join split strip get count
function const let var new this null undefined export default interface extends implements static
public private protected void string number boolean fn pub mut struct enum impl match use mod trait
func package defer chan map nil make switch case include define namespace template handler to of
test check expected actual context request response server client config options model cache items
size length start end first last next prev left right parent child children message an it that ing
tion er ed es ly re un de pre con com able ment ize ate al
() (" ") (' ') == != -> => += -= // :: __ {} [] ## /* */ && || <= >= ... (self
"""
"""Texts that are one token, with and without a space in front."""

LINE_ENDS = (")", "):", ":", "{", "}", ";", ",", "(", "\n")
"""Texts that are one token together with the line break that follows."""

INDENTS = (2, 3, 4, 7, 8, 11, 15)
"""Runs of spaces that are one token: indentation minus the space that belongs to the next word."""


@frozen(kw_only=True)
class VocabularyOptions:
    """What a synthetic vocabulary has; tests also need models that lack something."""

    fim: bool = True
    """With the fill-in-the-middle, file-separator and repository-name markers."""
    chat_template: bool = True
    """With a chat template in the file; the vocabulary has the chat markers in any case."""
    own: tuple[str, ...] = ()
    """Texts of user-defined tokens: plain text never tokenizes to them, but they are shown."""


@frozen(kw_only=True)
class Vocabulary:
    """Token texts in GPT-2's byte alphabet, and their merges; ids are positions."""

    texts: tuple[str, ...]
    """Ordinary tokens first, the markers last."""
    merges: tuple[str, ...]
    """Two token texts with a space between, in the order in which they are applied."""
    markers: dict[str, int]
    """Ids of the markers by their text."""
    own: dict[str, int]
    """Ids of the user-defined tokens by their text."""


def vocabulary(size: int, options: VocabularyOptions) -> Vocabulary:
    """Return a vocabulary of exactly ``size`` tokens.

    Raises:
        SyntheticError: The size is too small.
    """
    alphabet = _byte_alphabet()
    names = [END_OF_TEXT, CHAT_START, CHAT_END, *(FIM_MARKERS.values() if options.fim else ())]
    room = size - len(alphabet) - len(names) - len(options.own)
    if room < 0:
        least = size - room
        raise SyntheticError(f"a vocabulary of {size} is too small: it needs {least} tokens")
    pairs = _merges()[:room]
    merged = [left + right for left, right in pairs]
    filler = [f"Ġv{index}" for index in range(room - len(merged))]
    texts = (*alphabet, *merged, *filler, *options.own, *names)
    first_marker = size - len(names)
    first_own = first_marker - len(options.own)
    return Vocabulary(
        texts=texts,
        merges=tuple(f"{left} {right}" for left, right in pairs),
        markers={name: first_marker + index for index, name in enumerate(names)},
        own={name: first_own + index for index, name in enumerate(options.own)},
    )


def _byte_alphabet() -> tuple[str, ...]:
    """Return the character for each byte: itself if printable, else one above U+00FF."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = itertools.count(0x100)
    return tuple(chr(byte if byte in printable else next(others)) for byte in range(0x100))


@functools.cache
def _merges() -> tuple[tuple[str, str], ...]:
    """Return the BPE merges of the lists above: the most frequent pair becomes a token."""
    alphabet = _byte_alphabet()
    plain = [*WORDS.split(), *(f" {word}" for word in WORDS.split())]
    plain += [f"{text}\n" for text in LINE_ENDS] + [" " * length for length in INDENTS]
    words = [tuple(alphabet[byte] for byte in text.encode()) for text in plain]
    merges = []
    while words := [word for word in words if len(word) > 1]:
        counts = collections.Counter(itertools.chain(*map(itertools.pairwise, words)))
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        words = [_merged(word, best) for word in words]
    return tuple(merges)


def _merged(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """Return the word with each occurrence of the pair as one token."""
    found: list[str] = []
    for token in word:
        if found and (found[-1], token) == pair:
            found[-1] += token
        else:
            found.append(token)
    return tuple(found)
