"""The applications that benchmarks.serving asks: ours without its armour, and what others serve the same models with.

python -m benchmarks.serving_peers NAME PORT BUNDLE

    constant   Starlette on uvicorn, a constant answer
    predict    the same, reads the body as JSON and asks every predictor of the bundle on one of 64 stored rows
    features   the same with our path from body to answer: cleaning, features, predictors, answer (explain as asked)
    mlflow     `mlflow models serve` of the bundle as a pyfunc model; asked with the same histories
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from serving.api.app import answer_score
from serving.integrations.pyfunc_model import INPUTS, OUTPUTS, PARAMS, example
from serving.scoring.scoring_service import ScoringService
from training.model.bundle import Bundle, read_bundle
from training.tracking.runs import LOADER, ModelForm, signature

ROWS = 64


def stored_rows(bundle: Bundle, seed: int = 0) -> Any:
    """Rows around the medians of the rungs: what matters is that they differ, so that no cache knows the way."""
    random, facts = np.random.default_rng(seed), bundle.facts
    medians = np.array([[peer.get(name, np.nan) for name in facts.features] for peer in facts.peers])
    medians = medians[~np.isnan(medians).all(axis=1)]
    return medians[random.integers(len(medians), size=ROWS)] * random.lognormal(0, 0.5, (ROWS, medians.shape[1]))


def predict_alone(bundle: Bundle) -> Callable[[bytes], bytes]:
    """Body -> answer with the predictors' work and nothing else."""
    rows, parts = cycle(stored_rows(bundle)), bundle.parts

    def answer(body: bytes) -> bytes:
        accounts = len(json.loads(body)["accounts"])
        matrix = np.repeat(next(rows)[None, :], accounts, axis=0)
        return json.dumps({name: part.predict(matrix)[0].tolist() for name, part in parts.items()}).encode()

    return answer


def starlette_app(work: Callable[[bytes], bytes] | None) -> Any:
    """An application with one route; None = a constant."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def score(request: Request) -> Response:
        body = await request.body()
        content = b'{"status": "ok"}' if work is None else await run_in_threadpool(work, body)
        return Response(content, media_type="application/json")

    return Starlette(routes=[Route("/score", score, methods=["POST"])])


def serve_mlflow(folder: Path, port: int) -> None:
    """MLflow's own server, one worker, in this environment."""
    import mlflow

    form = ModelForm(INPUTS, OUTPUTS, PARAMS, example())
    with tempfile.TemporaryDirectory() as scratch:
        mlflow.pyfunc.save_model(
            f"{scratch}/model", loader_module=LOADER, data_path=str(folder), pip_requirements=[],
            signature=signature(mlflow, form), input_example=form.example,
        )  # fmt: skip
        command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", f"{scratch}/model", "--env-manager"]
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # where uvicorn is
        environment = {**os.environ, "PATH": programs, "MLFLOW_DISABLE_TELEMETRY": "true"}
        subprocess.run([*command, "local", "-p", str(port), "-h", "127.0.0.1"], check=False, env=environment)


def main() -> None:
    """Serve until ended."""
    import uvicorn

    name, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    if name == "mlflow":
        serve_mlflow(folder, port)
        return
    bundle, version = read_bundle(folder)
    works = {
        "constant": lambda: None,
        "predict": lambda: predict_alone(bundle),
        "features": lambda: partial(answer_score, ScoringService(bundle, version)),
    }
    uvicorn.run(starlette_app(works[name]()), port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
