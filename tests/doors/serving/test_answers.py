"""A client gets what ``mekiki predict`` says of the same bytes, whoever else asks, and no answer but its own."""

import asyncio
import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mekiki
from mekiki.errors import PictureError
from mekiki.records.run import RunFolder, model_fingerprint
from tests.doors.serving.asking import Slow, grey, models_of, models_with, multipart, photo, served


def predicted(run: Path, folder: Path, contents: list[bytes]) -> list[dict[str, object]]:
    """Return what ``mekiki predict --format jsonl`` says of files with these bytes."""
    folder.mkdir()
    for number, content in enumerate(contents):
        (folder / f"{number:03}.png").write_bytes(content)
    return [json.loads(line.as_json_line()) for line in mekiki.predict(run, folder)]


def same(said: dict[str, object], wanted: dict[str, object]) -> bool:
    """Tell whether two answers are one, up to what torch's sums in float32 differ by in batches of other sizes."""
    names = ("label", "known", "error")
    chances = [np.array([chance for _, chance in sorted(each["top"])]) for each in (said, wanted)]
    return all(said[name] == wanted[name] for name in names) and bool(np.abs(chances[0] - chances[1]).max() < 2e-5)


def test_two_hundred_clients_at_once_get_each_their_own_answer(run: Path, tmp_path: Path) -> None:
    contents = [photo(number, (number, 255 - number, 128)) for number in range(200)]
    wanted = predicted(run, tmp_path / "asked", contents)
    assert len({json.dumps(each["top"]) for each in wanted}) == 200

    async def ask() -> list[dict[str, object]]:
        async with served(models_of(run), queue=300, patience=1000) as client:
            replies = await asyncio.gather(*(client.ask("/predict", content) for content in contents))
            text = client.service.metrics.text().decode()
            assert float(text.split("mekiki_batch_pictures_count ")[1].split()[0]) < 150, "there were no batches"
            return [reply.said for reply in replies]

    said = asyncio.run(ask())
    assert [same(*pair) for pair in zip(said, wanted, strict=True)] == [True] * 200
    assert not same(said[0], wanted[100])


def test_the_answer_has_the_form_of_predict_and_names_its_model(run: Path, tmp_path: Path) -> None:
    (wanted,) = predicted(run, tmp_path / "asked", [photo(1)])

    async def ask() -> None:
        async with served(models_of(run)) as client:
            body, header = multipart({"one.png": photo(1), "two.png": b"nothing", "ü.png": photo(1)})
            reply = await client.ask("/predict", body, **header)
            first, second, third = reply.json["predictions"]
            assert list(first) == list(wanted)
            assert [each["path"] for each in (first, second, third)] == ["one.png", "two.png", "ü.png"]
            assert same(first, wanted) and same(third, wanted)
            assert second["error"].startswith("is no picture")
            assert reply.headers["x-mekiki-model"] == model_fingerprint(RunFolder(run))
            assert len((await client.ask("/predict?top=2", photo(1))).said["top"]) == 2

    asyncio.run(ask())


def test_a_heat_map_is_what_explain_draws(run: Path, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(photo(3))
    (drawn,) = mekiki.explain(run, tmp_path / "x.png", tmp_path / "out", of_class="red")

    async def ask() -> None:
        async with served(models_of(run)) as client:
            reply = await client.ask("/explain?class=red", photo(3))
            assert (reply.status, reply.headers["content-type"]) == (200, "image/png")
            assert reply.headers["x-mekiki-class"] == "red"
            assert np.array_equal(pixels(reply.body), pixels(drawn.written.read_bytes()))
            within = (await client.ask("/predict?explain=true", photo(3))).said["heat_map"]
            usual = await client.ask("/explain", photo(3))
            assert base64.b64decode(within["png"]) == usual.body
            refused = await client.ask("/explain?class=rad", photo(3))
            assert refused.json == {"error": "there is no class 'rad'", "hint": "did you mean red?"}

    assert drawn.written is not None
    asyncio.run(ask())


def test_a_classifier_takes_the_bytes_of_a_file(run: Path, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(photo(3))
    classifier = mekiki.load(run)
    assert np.array_equal(classifier.predict_proba(photo(3)), classifier.predict_proba(tmp_path / "x.png"))
    with pytest.raises(PictureError, match=r"^a picture given as bytes is no picture that can be read"):
        classifier.predict([photo(3), b"nothing"])


def test_a_heat_map_is_bounded_in_size(run: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 200), (200, 50, 40)).save(buffer, "PNG")

    async def ask() -> None:
        async with served(models_of(run), heat_map_pixels=100) as client:
            assert pixels((await client.ask("/explain", buffer.getvalue())).body).shape == (50, 100, 3)

    asyncio.run(ask())


def pixels(content: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(content)))


def test_the_service_describes_itself(run: Path) -> None:
    async def ask() -> None:
        async with served(models_of(run)) as client:
            facts = (await client.ask("/model", method="GET")).json
            assert facts["classes"] == ["blue", "green", "red"] and facts["image_size"] == 96
            assert str(run) not in json.dumps(facts)
            described = (await client.ask("/openapi.json", method="GET")).json
            assert {"/predict", "/explain", "/model", "/health", "/ready", "/metrics"} <= set(described["paths"])
            assert "multipart/form-data" in described["paths"]["/predict"]["post"]["requestBody"]["content"]
            assert (await client.ask("/ready", method="GET")).status == 200
            client.service.ready = False
            assert (await client.ask("/ready", method="GET")).status == 503
            assert (await client.ask("/health", method="GET")).status == 200

    asyncio.run(ask())


def test_an_exported_graph_refuses_heat_maps_in_one_line() -> None:
    async def ask() -> None:
        async with served(models_with(Slow())) as client:
            reply = await client.ask("/explain", grey(10))
            assert reply.status == 422
            assert reply.json["error"] == "heat maps need torch, and an exported graph is served here"

    asyncio.run(ask())


@pytest.mark.parametrize("level", [0, 60, 255])
def test_a_made_model_is_asked_about_the_picture_that_was_sent(level: int) -> None:
    async def ask() -> None:
        async with served(models_with(Slow())) as client:
            assert dict((await client.ask("/predict", grey(level))).said["top"])["light"] == round(level / 255, 6)

    asyncio.run(ask())


def test_metrics_count_requests_pictures_and_batches() -> None:
    parser = pytest.importorskip("prometheus_client.parser")

    async def ask() -> None:
        async with served(models_with(Slow())) as client:
            await client.ask("/predict", grey(1))
            await client.ask("/predict", b"nothing")
            await client.ask("/nowhere/at/all")
            text = (await client.ask("/metrics", method="GET")).body.decode()
            found = {
                (sample.name, *sorted(sample.labels.values())): sample.value
                for family in parser.text_string_to_metric_families(text)
                for sample in family.samples
            }
            assert found["mekiki_requests_total", "/predict", "200"] == 1
            assert found["mekiki_requests_total", "/predict", "422"] == 1
            assert found["mekiki_requests_total", "404", "other"] == 1
            assert found["mekiki_pictures_total", "answered"] == found["mekiki_pictures_total", "unreadable"] == 1
            assert found["mekiki_batch_pictures_count",] == 1
            assert found["mekiki_places_taken",] == found["mekiki_body_bytes_held",] == 0

    asyncio.run(ask())
