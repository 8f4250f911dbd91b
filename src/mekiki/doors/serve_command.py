"""The command that puts a model behind HTTP: ``mekiki serve``."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from mekiki.config import EvaluateSettings, ReplicaSettings, ServeSettings, build_some
from mekiki.doors.addresses import is_loopback
from mekiki.doors.app import Run, Weights, app
from mekiki.doors.options import with_settings
from mekiki.errors import MekikiError, SettingsError

NEEDED = ("fastapi", "uvicorn", "httptools", "python_multipart", "prometheus_client")
TOKEN = "MEKIKI_TOKEN"
SHORTEST_TOKEN = 16


@app.command()
@with_settings(EvaluateSettings, ServeSettings, ReplicaSettings, hidden=("batch_size",))
def serve(
    run: Run,
    settings: dict[str, Any],
    weights: Weights = "auto",
    engine: Annotated[
        str,
        typer.Option(
            help="torch, or an export of the run: onnx, openvino, onnx-int8, openvino-int8; ray or ray:onnx … serves "
            "by replicas on a Ray cluster"
        ),
    ] = "torch",
) -> None:
    """Answer over HTTP: POST /predict, POST /explain, /model, /health, /ready, /metrics, /openapi.json."""
    from mekiki.cluster.engines import check_cluster, refuse_idle, split_engine

    on_cluster, graph = split_engine(engine)
    refuse_idle(settings, on_cluster, ReplicaSettings)
    chosen = build_some(ServeSettings, settings)
    shared = {"batch_size": chosen.most_batch, "workers": chosen.workers, "max_megapixels": chosen.max_megapixels}
    asked = build_some(EvaluateSettings, {**settings, **shared})
    token = read_token(chosen.token_file, os.environ.get(TOKEN))
    check_open(chosen.host, token)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MekikiError(f"the service needs {missing[0]}, which is not installed", "pip install 'mekiki[serve]'")
    if on_cluster:
        check_cluster()
        from mekiki.doors.serving.on_ray import serve_on_ray
        from mekiki.verbs.sharing import asked_model

        replicas = build_some(ReplicaSettings, settings)
        serve_on_ray(asked_model(run, asked, weights, graph, None), chosen, replicas, token)
        return
    from mekiki.doors.serving.listening import listen

    with listen(chosen.host, chosen.port) as listener:
        from mekiki.doors.serving.models import Models, load_served
        from mekiki.doors.serving.process import serve as run_service

        models = Models(lambda: load_served(run, asked, weights, engine), chosen.most_batch)
        run_service(models, chosen, token, listener)


def check_open(host: str, token: str | None) -> None:
    """Refuse to serve strangers without a token.

    Args:
        host: Address to listen at.
        token: What clients must bring; None: nothing.

    Raises:
        SettingsError: Others can reach the address, and there is no token.
    """
    if token is None and not is_loopback(host):
        raise SettingsError(
            f"host {host}: others can reach it, so clients must bring a token, and there is none",
            f"put one into {TOKEN} or --token-file, for example: openssl rand -hex 24",
        )


def read_token(file: str | None, environment: str | None) -> str | None:
    """Return the token that clients must bring; None if there is none.

    Args:
        file: Whose first line it is; goes before the environment.
        environment: What ``MEKIKI_TOKEN`` holds.

    Raises:
        SettingsError: The file cannot be read, or the token is too short or has characters that no header can hold.
    """
    if file is None and environment is None:
        return None
    where, token = TOKEN, environment or ""
    if file is not None:
        try:
            where, token = f"--token-file {file}", Path(file).read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingsError(f"--token-file {file}: {reason}", "name a file whose first line is the token") from None
    if len(token) < SHORTEST_TOKEN or not all(33 <= ord(letter) <= 126 for letter in token):
        raise SettingsError(
            f"{where}: a token has {SHORTEST_TOKEN} characters or more, letters, digits and signs without spaces",
            "for example: openssl rand -hex 24",
        )
    return token
