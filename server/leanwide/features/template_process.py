"""Render a model's chat template, which is untrusted input, in a sandbox and within limits.

Jinja's sandbox keeps a template from accessing the machine, but not from looping forever or filling
the memory. So :func:`main` runs in a separate process, with limits that the kernel enforces.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEMPLATE_CHARACTERS: Final = 100_000
"""Characters of a template; the longest known template has about 20,000."""
MAX_OUTPUT_CHARACTERS: Final = 1_000_000
"""Characters that a template may render, contents of messages not counted."""
CPU_SECONDS: Final = 2
"""Processor time for rendering and Python's start; templates take milliseconds."""
_MAX_MEMORY: Final = 1 << 30
"""Bytes of address space of the rendering process."""


class TemplateProblem(Exception):  # noqa: N818  # the template's, not the program's
    """The template cannot be rendered; the message is one sentence."""


class _Generation(Extension):
    """``{% generation %}``, which marks what an assistant wrote, for training, and adds nothing."""

    tags = {"generation"}  # noqa: RUF012  # jinja2 declares a variable of instances

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class TemplateLimit(TemplateProblem):
    """The template takes too long or too much memory; another attempt would cost as much."""


def render(template: str, variables: Mapping[str, Any]) -> str:
    """Render a template as ``transformers`` does, whose conventions chat templates follow.

    Raises:
        TemplateProblem: It is too long, has mistakes, raises, or renders too much.
    """
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        raise TemplateProblem(f"it has more than {MAX_TEMPLATE_CHARACTERS} characters")
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
    )
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = lambda form: datetime.now().astimezone().strftime(form)
    environment.filters["tojson"] = _to_json
    parts: list[str] = []
    room = MAX_OUTPUT_CHARACTERS
    try:
        for part in environment.from_string(template).generate(**variables):
            parts.append(part)
            room -= len(part)
            if room < 0:
                raise TemplateProblem(f"it renders more than {MAX_OUTPUT_CHARACTERS} characters")
    except TemplateProblem:
        raise
    except TemplateError as error:
        raise TemplateProblem(error.message or type(error).__name__) from error
    except Exception as error:  # a template can make Python raise anything
        raise TemplateProblem(f"{type(error).__name__}: {error}") from error
    return "".join(parts)


def render_without_tools(template: str, variables: Mapping[str, Any]) -> str:
    """Render a template in the way in which it knows that there are no tools.

    Some test whether they are none, and write an empty list of tools; others iterate over them.

    Raises:
        TemplateProblem: It cannot be rendered in either way; the message is that of the first.
    """
    try:
        return render(template, {**variables, "tools": None})
    except TemplateProblem as problem:
        with contextlib.suppress(TemplateProblem):
            return render(template, {**variables, "tools": []})
        raise problem from None


def _raise(message: object) -> NoReturn:
    raise TemplateProblem(str(message))


def _to_json(value: object, **options: Any) -> str:
    """Return JSON without HTML escapes, with the options of ``json.dumps`` that templates set."""
    return json.dumps(value, **{"ensure_ascii": False, **options})


def main() -> None:
    """Render the JSON on stdin, within limits; print the text or the problem as JSON."""
    job = json.load(sys.stdin)
    for limit, most in ((resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, _MAX_MEMORY)):
        _, hard = resource.getrlimit(limit)
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit for address space
            resource.setrlimit(limit, (most, hard))
    try:
        answer = {"text": render_without_tools(job["template"], job["variables"])}
    except TemplateProblem as problem:
        answer = {"problem": " ".join(str(problem).split())[:200]}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
