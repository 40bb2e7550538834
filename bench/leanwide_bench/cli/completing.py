"""Refuses what would measure the silence of a model that cannot complete."""

from __future__ import annotations

from leanwide.features.completion.request import no_fim_error
from leanwide.models.gguf import read_header
from leanwide.options import Options
from leanwide.options.model_files import lanes_by_name, model_path


def check_completes(options: Options) -> None:
    """Check that the model of completions has FIM tokens, where it runs on this machine.

    Raises:
        EngineError: It has none; the message says what to do.
        ModelFileError: It cannot be read.
    """
    lane = options.modes.code.lane
    if lanes_by_name(options)[lane].url:
        return
    header = read_header(model_path(options, lane))
    if not header.fim:
        raise no_fim_error(header.name)
