"""FastAPI, tuned by hand: NumPy encoding, in-place prediction, COPY, a fast serialiser."""

import orjson
from fastapi import FastAPI, Response
from scoring import from_environment
from storing import FEATURES, Writer
from users import User

app = FastAPI()
score = from_environment()
writer = Writer()


@app.get("/ready")
def ready() -> str:
    """Whether it answers."""
    return "yes"


@app.post("/predict")
def predict(users: list[User]) -> Response:
    """Predict, store, answer."""
    columns = {name: [getattr(user, name) for user in users] for name in FEATURES}
    scores = score(columns)
    ids = writer.write(columns, scores, score.tag)
    answers = [
        {
            "user_id": user_id,
            "prediction": prediction,
            "lower": lower,
            "upper": upper,
            "model": score.tag,
            "prediction_id": prediction_id,
        }
        for user_id, prediction, lower, upper, prediction_id in zip(
            columns["user_id"], *scores, ids, strict=True
        )
    ]
    return Response(orjson.dumps(answers), media_type="application/json")
