#!/usr/bin/env python3
"""The service that one would write by hand: FastAPI, Pillow and ONNX Runtime around one model.

The peer of `cargo bench --bench load -- --peer PYTHON`, where PYTHON is an interpreter with benches/peer-requirements.txt:

    peer_service.py MODEL PORT

`POST /v1/score` takes the bytes of an image and gives the expected worth of five levels. Pillow decodes a JPEG at a
fraction of its size, as scaled decoding does in Opine, and each request runs on a thread of its own.
"""

import io
import sys

import numpy
import onnxruntime
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from PIL import Image

SIDE = 224
WORTHS = numpy.array([1.0, 0.75, 0.5, 0.25, 0.0], numpy.float32)


class Scorer:
    def __init__(self, model: str):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def score(self, encoded: bytes) -> dict:
        picture = Image.open(io.BytesIO(encoded))
        picture.draft("RGB", (2 * SIDE, 2 * SIDE))
        picture = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        pixels = (numpy.asarray(picture, numpy.float32) - 127.0) / 128.0
        tensor = numpy.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
        logits = self.session.run(None, {self.input: tensor})[0].reshape(-1)
        masses = numpy.exp(logits - logits.max())
        masses /= masses.sum()
        return {"score": float(masses @ WORTHS), "opinion": masses.tolist()}


def service(model: str) -> FastAPI:
    scorer = Scorer(model)
    app = FastAPI()

    @app.get("/healthz")
    async def health() -> dict:
        return {"status": "ok"}

    @app.post("/v1/score")
    async def score(request: Request) -> dict:
        encoded = await request.body()
        try:
            return await run_in_threadpool(scorer.score, encoded)
        except OSError as error:
            raise HTTPException(422, "not an image") from error

    return app


if __name__ == "__main__":
    uvicorn.run(service(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)
