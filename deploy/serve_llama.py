"""Serves a model by llama.cpp until it is told to stop: serve_llama.py MODEL.gguf MMPROJ.gguf [PORT]"""

import signal
import sys

import xllamacpp


def main() -> None:
    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.mmproj.path = sys.argv[1:3]
    # All addresses of the container; who may reach them is the network's affair.
    parameters.hostnames = ["0.0.0.0"]
    parameters.port = int(sys.argv[3]) if len(sys.argv) > 3 else 8000
    parameters.n_ctx, parameters.n_parallel = 4096, 4
    parameters.use_jinja = True
    # Before the engine starts its threads, so that they leave the signals to us.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
