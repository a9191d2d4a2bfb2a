"""LitServe; stores nothing."""

import sys
from typing import Any

import litserve
from scoring import Scorer, Scores, from_environment


class Ltv(litserve.LitAPI):
    """The same model."""

    def setup(self, device: str) -> None:
        """In the worker."""
        self.score: Scorer = from_environment()

    def decode_request(self, request: list[dict[str, Any]]) -> dict[str, list[Any]]:
        """Rows to columns."""
        return {name: [user[name] for user in request] for name in request[0]}

    def predict(self, columns: dict[str, list[Any]]) -> tuple[list[int], Scores]:
        """Users and what the model says of them."""
        return columns["user_id"], self.score(columns)

    def encode_response(self, output: tuple[list[int], Scores]) -> list[dict[str, Any]]:
        """Columns to rows."""
        user_ids, scores = output
        return [
            {"user_id": user_id, "prediction": prediction, "lower": lower, "upper": upper}
            for user_id, prediction, lower, upper in zip(user_ids, *scores, strict=True)
        ]


if __name__ == "__main__":
    server = litserve.LitServer(Ltv(), accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
    )
