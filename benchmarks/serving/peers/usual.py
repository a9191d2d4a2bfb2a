"""FastAPI as it is usually written: a scikit-learn pipeline on a DataFrame, and the ORM."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pandas as pd
from fastapi import Depends, FastAPI
from scoring import from_environment
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker
from users import Prediction, User
from usual_tables import Base, Features, StoredPrediction
from xgboost import XGBRegressor

from valuebox.compartments.ltv.features import CATEGORICAL, NUMERIC

UNKNOWN = "?"

model = from_environment()
known = model.encoder.categories
regressor = XGBRegressor()
regressor.load_model(Path(os.environ["MODEL_FOLDER"]) / "booster.ubj")
one_hot = OneHotEncoder(
    categories=[[*known[name], UNKNOWN] for name in CATEGORICAL], sparse_output=False
)
columns = ColumnTransformer(
    [("numbers", "passthrough", list(NUMERIC)), ("categories", one_hot, list(CATEGORICAL))]
)
columns.fit(pd.DataFrame([{**dict.fromkeys(NUMERIC, 0.0), **dict.fromkeys(CATEGORICAL, UNKNOWN)}]))
pipeline = Pipeline([("columns", columns), ("regress", regressor)])

engine = create_engine(os.environ["DATABASE_URL"], pool_size=16)
Base.metadata.create_all(engine)
new_session = sessionmaker(engine)
app = FastAPI()


def session() -> Iterator[Session]:
    """One for each request."""
    with new_session() as opened:
        yield opened


@app.get("/ready")
def ready() -> str:
    """Whether it answers."""
    return "yes"


@app.post("/predict")
def predict(users: list[User], session: Session = Depends(session)) -> list[Prediction]:  # noqa: B008
    """Predict, store, answer."""
    frame = pd.DataFrame([user.model_dump() for user in users])
    for name in CATEGORICAL:
        frame[name] = frame[name].where(frame[name].isin(known[name]), UNKNOWN)
    scores = model.finish(pipeline.predict(frame), frame["STV"])
    now, request_id = datetime.now(UTC), uuid4()
    answers = []
    for user, prediction, lower, upper in zip(users, *scores, strict=True):
        values = user.model_dump()
        values["stv"] = values.pop("STV")
        features = Features(id=uuid4(), request_id=request_id, received_at=now, **values)
        stored = StoredPrediction(
            id=uuid4(),
            features_id=features.id,
            model=model.tag,
            prediction=prediction,
            lower=lower,
            upper=upper,
            predicted_at=now,
        )
        session.add_all([features, stored])
        answers.append(
            Prediction(
                user_id=user.user_id,
                prediction=prediction,
                lower=lower,
                upper=upper,
                model=model.tag,
                prediction_id=str(stored.id),
            )
        )
    session.commit()
    return answers
