"""The model that tests ask through MLServer: that of the `brightness` judge of tests/fixtures, the mean of all
numbers times five weights, and the mean itself.
"""

import numpy
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

# As in tests/fixtures/make_models.py.
WEIGHTS = [2.0, 1.0, 0.0, -1.0, -2.0]


class Brightness(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, request: InferenceRequest) -> InferenceResponse:
        pixels = NumpyCodec.decode_input(request.inputs[0])
        mean = pixels.mean(dtype=numpy.float64)
        logits = numpy.array([[mean * weight for weight in WEIGHTS]], dtype=numpy.float32)
        value = numpy.array([[mean]], dtype=numpy.float32)
        outputs = [NumpyCodec.encode_output("value", value), NumpyCodec.encode_output("logits", logits)]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)
