"""Serves model.gguf with its mmproj.gguf by llama.cpp until its input ends: `llama_server.py FOLDER`; prints its address.

A process of its own, because the engine holds the interpreter while it answers.
"""
import sys
from pathlib import Path

import xllamacpp


def start(folder):
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(folder / "model.gguf")
    parameters.mmproj.path = str(folder / "mmproj.gguf")
    parameters.n_ctx, parameters.n_parallel, parameters.port = 1024, 1, 0
    parameters.use_jinja, parameters.warmup = True, False
    parameters.cpuparams.n_threads = 1
    return xllamacpp.Server(parameters)


if __name__ == "__main__":
    server = start(Path(sys.argv[1]))
    print(server.listening_address, flush=True)
    sys.stdin.read()
