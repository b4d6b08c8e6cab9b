"""LitServe in front of our path from body to answer: a module of its own, for LitServe sends the class to its workers.

python -m benchmarks.litserve_peer PORT BUNDLE        (pip install litserve first)
"""

import json
import sys
from pathlib import Path
from typing import Any

import litserve as ls  # type: ignore[import-not-found,unused-ignore]
from starlette.requests import Request
from starlette.responses import Response

from serving.api.app import answer_score
from serving.scoring.scoring_service import ScoringService
from training.model.bundle import read_bundle


class Api(ls.LitAPI):  # type: ignore[misc,unused-ignore]
    """What LitServe calls, one worker."""

    def __init__(self, folder: str) -> None:
        super().__init__(api_path="/score")
        self.folder = folder

    def setup(self, device: str) -> None:  # noqa: ARG002
        """Read the bundle in the worker."""
        self.scoring_service = ScoringService(*read_bundle(Path(self.folder)))

    def decode_request(self, request: Request) -> Any:
        return request

    def predict(self, content: Any) -> bytes:
        return answer_score(self.scoring_service, json.dumps(content).encode())

    def encode_response(self, output: bytes) -> Response:
        return Response(output, media_type="application/json")


if __name__ == "__main__":
    ls.LitServer(Api(sys.argv[2]), accelerator="cpu").run(port=int(sys.argv[1]), generate_client_file=False)
