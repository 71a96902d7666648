"""Serves a model by llama.cpp until its input ends: serve_llama.py MODEL.gguf MMPROJ.gguf; prints its address.

One slot and one thread, so that the same question gets the same bits. A process of its own, because the engine holds
the interpreter while it answers; it ends when its input does, so that it cannot outlive the test that started it.
"""

import sys

import xllamacpp


def main() -> None:
    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.mmproj.path = sys.argv[1:]
    parameters.n_ctx, parameters.n_parallel, parameters.port = 1024, 1, 0
    parameters.use_jinja, parameters.warmup = True, False
    parameters.cpuparams.n_threads = 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
