import gzip
import json
import zlib

import httpx
import pytest
from support.footprint import unharmed
from support.services import MAX_BODY_MB, Service
from support.users import user, users

from valuebox.serving.errors import STATUS_OF, ErrorAnswer

pytestmark = pytest.mark.sqlite_alone

BODY = json.dumps([user(22_000_001, target=1.5)]).encode()
PACKED = gzip.compress(BODY)


def send(service: Service, body: bytes, *encodings: str) -> httpx.Response:
    headers = [("Content-Type", "application/json")]
    headers += [("Content-Encoding", encoding) for encoding in encodings]
    return service.http.post("/v1/ltv/predict", content=body, headers=headers)


def bomb(megabytes: int) -> bytes:
    """Gzip of a JSON array that never comes: a thousand times larger when it is unpacked."""
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(b"[") + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush the next piece does not refer to the one before, and can be repeated.
    piece = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + piece * megabytes


def refused_as(answer: httpx.Response) -> str:
    error = ErrorAnswer.model_validate_json(answer.content).error
    assert answer.status_code == STATUS_OF[error.code]
    return error.code


def test_a_compressed_body_is_read(service: Service) -> None:
    with unharmed(service, stored=300):
        body = json.dumps(users(300)).encode()
        assert len(send(service, gzip.compress(body), "gzip").json()) == 300


def test_a_bomb_is_refused_before_it_is_unpacked(service: Service) -> None:
    packed = bomb(1_000)
    assert len(packed) < MAX_BODY_MB * 1_000_000
    with unharmed(service):
        assert refused_as(send(service, packed, "gzip")) == "body_too_large"


@pytest.mark.parametrize(
    "body",
    [
        PACKED[:-20],
        PACKED[:5],
        PACKED[:-8] + bytes(8),
        PACKED[:20] + b"\0\0\0\0" + PACKED[24:],
        BODY,
        b"",
        gzip.compress(PACKED),
        gzip.compress(b"[{"),
    ],
    ids=["cut off", "head only", "wrong sum", "corrupt", "plain", "empty", "twice", "no JSON"],
)
def test_what_cannot_be_unpacked_to_json_is_refused(service: Service, body: bytes) -> None:
    with unharmed(service):
        assert refused_as(send(service, body, "gzip")) == "malformed_json"


@pytest.mark.parametrize(
    "encodings",
    [["br"], ["deflate"], ["zstd"], ["compress"], ["gzip, gzip"], ["gzip", "gzip"], ["br", "gzip"]],
    ids=str,
)
def test_other_encodings_are_refused(service: Service, encodings: list[str]) -> None:
    with unharmed(service):
        assert refused_as(send(service, PACKED, *encodings)) == "unsupported_media_type"
