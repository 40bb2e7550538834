"""The arguments of commands: pygls structures the one object of each into one of these classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
from attrs import field, frozen
from attrs.validators import in_, max_len, optional
from cattrs import BaseValidationError, Converter, transform_error
from cattrs.gen import make_dict_structure_fn, override
from cattrs.v import format_exception
from lsprotocol import types
from pygls.protocol import default_converter

from leanwide.lsp.convert import camel_case_name
from leanwide.modes.profile import Mode
from leanwide.options import BOTH_LANES

AUTO: Final = "auto"
"""The mode is the router's choice."""
_MODES: Final = (AUTO, *Mode)
_PLAIN: Final = (str, bool, str | None, int | str | None)
"""Types of fields that are taken as they come: cattrs would make a text of a number."""
_MAX_FAULTS: Final = 3
_MAX_NAME: Final = 1_000
"""Characters of a model's name or path."""


@frozen
class OwnObject:
    """Marks an object that LSP does not define; keys are in camelCase, others are ignored."""


@frozen
class CommandArguments(OwnObject):
    """Marks the argument of a command."""


@frozen(kw_only=True)
class TargetArguments(CommandArguments):
    """A range in a document, and where the text of the answer streams to."""

    uri: str
    range: types.Range
    stream_token: int | str | None = None
    """A token of ``$/progress``; None: the answer comes at the end only."""


@frozen(kw_only=True)
class ExplainArguments(TargetArguments):
    """Argument of ``leanwide.explain``."""

    show: bool = False
    """The server opens the answer in the editor."""


@frozen(kw_only=True)
class EditArguments(TargetArguments):
    """Argument of ``leanwide.document`` and ``leanwide.test``."""

    apply: bool = False
    """The server sends the edit to the editor."""
    attempt: str | None = None
    """An earlier attempt, which is continued."""
    hint: str | None = None
    """What the user says besides."""


@frozen(kw_only=True)
class RefactorArguments(EditArguments):
    """Argument of ``leanwide.refactor``."""

    instruction: str = field()

    @instruction.validator
    def _check_instruction(self, _: attrs.Attribute[str], value: str) -> None:
        if not value.strip():
            raise ValueError("the instruction is blank")


@frozen(kw_only=True)
class FixArguments(EditArguments):
    """Argument of ``leanwide.fix``."""

    diagnostics: Sequence[types.Diagnostic] | None = None
    """As in a code action's context."""


@frozen(kw_only=True)
class ChatArguments(CommandArguments):
    """Argument of ``leanwide.chat``."""

    message: str
    id: str | None = None
    """The conversation; None begins one."""
    uri: str | None = None
    """The document that the message is about."""
    range: types.Range | None = None
    """The part of the document; None is all of it."""
    stream_token: int | str | None = None
    """A token of ``$/progress``; None: the answer comes at the end only."""

    def __attrs_post_init__(self) -> None:
        if self.range is not None and self.uri is None:
            raise ValueError("a range needs a uri")


@frozen
class ChatIdArguments(CommandArguments):
    """Argument of ``leanwide.endChat``."""

    id: str


@frozen(kw_only=True)
class ModelNameArguments(CommandArguments):
    """Argument of ``leanwide.pullModel``."""

    name: str = field(validator=max_len(_MAX_NAME))
    """A name of the registry, or ``hf:REPO/FILE``."""


@frozen(kw_only=True)
class UseModelArguments(ModelNameArguments):
    """Argument of ``leanwide.useModel``; its name may also be a file's absolute path, or ""."""

    lane: str | None = field(default=None, validator=optional(in_(BOTH_LANES)))
    """None: the lanes that the model suits."""


@frozen
class NextEditArguments(CommandArguments):
    """Argument of ``leanwide.nextEditAccepted`` and ``leanwide.nextEditRejected``."""

    id: str


@frozen
class NextEditSwitch(CommandArguments):
    """Argument of ``leanwide.setNextEdit``."""

    enabled: bool


@frozen
class AcceptedArguments(CommandArguments):
    """Argument of ``leanwide.accepted``."""

    id: str | None = None
    """The id of a suggestion or the attempt of an edit; None: the newest suggestion."""


@frozen
class ModeArguments(CommandArguments):
    """Argument of ``leanwide.setMode``."""

    mode: str = field()

    @mode.validator
    def _check_mode(self, _: attrs.Attribute[str], value: str) -> None:
        if value not in _MODES:
            raise ValueError("the mode is one of " + ", ".join(f'"{name}"' for name in _MODES))

    @property
    def pinned(self) -> Mode | None:
        """The mode; None for ``auto``."""
        return None if self.mode == AUTO else Mode(self.mode)


def argument_converter() -> Converter:
    """Return pygls's converter, which also structures every :class:`OwnObject`."""
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]  # of pygls
    converter.register_structure_hook_factory(
        lambda kind: isinstance(kind, type) and issubclass(kind, OwnObject), _structure_fn
    )
    return converter


def _structure_fn(kind: type[OwnObject], converter: Converter) -> Callable[..., Any]:
    """Return the hook for a class; its error says which object is expected."""
    attrs.resolve_types(kind)
    fields = attrs.fields(kind)
    keys = [(camel_case_name(each.name), each.default is attrs.NOTHING) for each in fields]
    shape = ", ".join(f'"{key}"' if required else f'"{key}"?' for key, required in keys)
    overrides = {
        each.name: override(
            rename=camel_case_name(each.name),
            struct_hook=_structure_plain if each.type in _PLAIN else None,
        )
        for each in fields
    }
    structure = make_dict_structure_fn(kind, converter, **overrides)  # type: ignore[arg-type]

    def structure_or_explain(value: Any, _: Any) -> OwnObject:
        try:
            return structure(value if isinstance(value, dict) else {}, kind)
        except BaseValidationError as error:
            faults = "; ".join(transform_error(error, format_exception=_worded)[:_MAX_FAULTS])
            raise ValueError(
                f"this takes one object {{{shape}}}, as docs/protocol.md says: {faults}"
            ) from error

    return structure_or_explain


def _structure_plain(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(value)
    return value


def _worded(error: BaseException, kind: type | None) -> str:
    """Return the message of a class's own check, and cattrs's words for everything else."""
    own = kind is None and isinstance(error, ValueError)
    return str(error) if own else format_exception(error, kind)
