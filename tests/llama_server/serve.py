"""A llama-server as the wheel xllamacpp holds it; ends with its standard input."""

from __future__ import annotations

import sys

import xllamacpp


def main() -> None:
    model, port, key = sys.argv[1:]
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = int(port)
    params.n_ctx, params.n_parallel = 16_384, 4
    params.cpuparams.n_threads = 1  # the model is small, and a busy thread for each core is slow
    params.endpoint_slots = True
    params.api_keys = [key]
    server = xllamacpp.Server(params)
    print("ready", flush=True)
    sys.stdin.read()
    del server


if __name__ == "__main__":
    main()
