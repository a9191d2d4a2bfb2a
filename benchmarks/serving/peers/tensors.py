"""MLServer; stores nothing."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from scoring import Scores, from_environment


class Ltv(MLModel):
    """The same model."""

    async def load(self) -> bool:
        """When it starts."""
        self.score = from_environment()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """One tensor for each column, in and out."""
        # Whatever JSON holds is what the encoder wants: decoding would only cost.
        scores = self.score({one.name: one.data.root for one in payload.inputs})
        outputs = [
            NumpyCodec.encode_output(name, np.asarray(values))
            for name, values in zip(Scores._fields, scores, strict=True)
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
