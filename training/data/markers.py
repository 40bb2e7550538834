"""The special tokens, their ids, and the chat template."""

from __future__ import annotations

from typing import Final

END_OF_TEXT: Final = "<|endoftext|>"
IM_START: Final = "<|im_start|>"
IM_END: Final = "<|im_end|>"
FIM_PREFIX: Final = "<|fim_prefix|>"
FIM_MIDDLE: Final = "<|fim_middle|>"
FIM_SUFFIX: Final = "<|fim_suffix|>"
FIM_PAD: Final = "<|fim_pad|>"
REPO_NAME: Final = "<|repo_name|>"
FILE_SEP: Final = "<|file_sep|>"
THINK: Final = "<think>"
END_THINK: Final = "</think>"

SPECIAL: Final = (
    END_OF_TEXT, IM_START, IM_END, FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX,
    FIM_PAD, REPO_NAME, FILE_SEP, THINK, END_THINK,
)  # fmt: skip
"""In id order: the first token of the vocabulary is ``<|endoftext|>``."""

ID: Final = {token: number for number, token in enumerate(SPECIAL)}

CHAT_TEMPLATE: Final = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
