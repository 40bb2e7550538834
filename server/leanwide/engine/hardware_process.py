"""Prints the memory of this machine and its GPUs as JSON: a program, because it starts drivers."""

from __future__ import annotations

import sys

import msgspec

from leanwide.engine.devices import list_devices
from leanwide.engine.hardware import hardware

if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(hardware(list_devices().gpus)))
