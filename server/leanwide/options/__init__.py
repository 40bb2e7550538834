"""The user's settings: typed, and read from layers of which a mistake costs only itself.

Layers, each on top of the one before: the built-in ``configs/default.toml``, the user's file, the
tuned file, the workspace's ``.leanwide.toml``, and what the editor sends. A wrong key or value is
reported as a problem, in a sentence, and the layer below applies.
"""

from leanwide.options.choosing import BOTH_LANES, as_toml, model_settings
from leanwide.options.layers import Layer, built_in, read_layer
from leanwide.options.parse import parse
from leanwide.options.restrictions import (
    SERVER_SETTINGS,
    WORKSPACE_FILE,
    WORKSPACE_SECTIONS,
    restrict_editor,
    restrict_further_folder,
    restrict_session,
    restrict_workspace,
)
from leanwide.options.schema import (
    AutoSwitch,
    EngineOptions,
    LaneOptions,
    LanesOptions,
    ModelOptions,
    Options,
)

__all__ = [
    "BOTH_LANES",
    "SERVER_SETTINGS",
    "WORKSPACE_FILE",
    "WORKSPACE_SECTIONS",
    "AutoSwitch",
    "EngineOptions",
    "LaneOptions",
    "LanesOptions",
    "Layer",
    "ModelOptions",
    "Options",
    "as_toml",
    "built_in",
    "model_settings",
    "parse",
    "read_layer",
    "restrict_editor",
    "restrict_further_folder",
    "restrict_session",
    "restrict_workspace",
]
