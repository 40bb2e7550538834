"""The files that the settings of models mean."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_config_path

from leanwide.files.home import expanded
from leanwide.models.embedded import embedded_model
from leanwide.modes.profile import LEAN, WIDE
from leanwide.options.schema import LaneOptions, Options


def model_path(options: Options, lane: str = LEAN) -> Path:
    """Return the model file of a lane: its own, or the one for both."""
    own = lanes_by_name(options)[lane].model
    return model_file(own or options.model.path)


def model_file(path: str) -> Path:
    """Return the file that ``model.path`` means; "" is the embedded model."""
    return users_path(path) if path else embedded_model()


def users_path(path: str) -> Path:
    """Return the file that a path in the user's settings means."""
    return user_config_path("leanwide") / expanded(path)


def lanes_by_name(options: Options) -> dict[str, LaneOptions]:
    """Return the settings of each lane."""
    return {LEAN: options.lanes.lean, WIDE: options.lanes.wide}
