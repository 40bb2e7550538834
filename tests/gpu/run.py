"""Runs these tests where llama.cpp finds the device in software."""

from __future__ import annotations

import os
import sys

from tests.gpu.vulkan import device_environment

if __name__ == "__main__":
    command = (sys.executable, "-m", "pytest", "-q", "tests/gpu", *sys.argv[1:])
    # Libraries are looked for where the environment said when the process began.
    os.execve(sys.executable, command, {**os.environ, **device_environment()})
