"""The queue is bounded, who leaves frees its place, late answers are given up, and a new model loses nobody."""

import asyncio
import threading

import numpy as np
import pytest

from mekiki.doors.serving.models import Models, Served, try_out
from mekiki.doors.serving.places import LEAST, Places
from mekiki.doors.serving.refusals import Refusal
from mekiki.doors.serving.speed import Speed
from tests.doors.serving.asking import Client, Slow, grey, models_with, multipart, served


async def until(true) -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about")


def test_beyond_the_queue_requests_get_429_and_nobody_within_is_lost() -> None:
    held = threading.Event()
    model = Slow()

    async def ask() -> None:
        async with served(models_with(model), queue=6, most_pictures=6, patience=1000) as client:
            model.hold = held.wait
            asked = [asyncio.create_task(client.ask("/predict", grey(number))) for number in range(6)]
            await until(lambda: client.service.places.taken == 6)
            refused = await client.ask("/predict", grey(99))
            assert (refused.status, refused.json["error"]) == (429, "6 pictures are under way, and 6 may be")
            assert int(refused.headers["retry-after"]) >= 1
            held.set()
            replies = await asyncio.gather(*asked)
            assert [dict(reply.said["top"])["light"] for reply in replies] == [
                round(number / 255, 6) for number in range(6)
            ]
            assert client.service.places.taken == 0
            assert (await client.ask("/predict", grey(99))).status == 200

    asyncio.run(ask())


def test_a_client_that_leaves_frees_its_place_and_its_picture_is_not_computed() -> None:
    held = threading.Event()
    model = Slow()

    async def ask() -> None:
        async with served(models_with(model), queue=4, most_pictures=4, window_ms=0) as client:
            model.hold = held.wait
            stays = asyncio.create_task(client.ask("/predict", grey(1)))
            await until(lambda: model.batches == [1])
            gone = asyncio.Event()
            leaving = [asyncio.create_task(client.ask("/predict", grey(2), leaves=gone)) for _ in range(3)]
            await until(lambda: client.service.places.taken == 4)
            assert (await client.ask("/predict", grey(3))).status == 429
            gone.set()
            assert [reply.status for reply in await asyncio.gather(*leaving)] == [499] * 3
            assert client.service.places.taken == 1
            follows = asyncio.create_task(client.ask("/predict", grey(4)))
            await until(lambda: client.service.places.taken == 2)
            held.set()
            assert [reply.status for reply in await asyncio.gather(stays, follows)] == [200, 200]
            assert model.batches == [1, 1]

    asyncio.run(ask())


def room(patience: float = 4.0, **speed: float) -> Places:
    return Places(100, patience, 16, 2, Speed(**{"prepare": 0.004, "first": 0.1, "further": 0.05, **speed}))


def test_who_would_wait_too_long_is_refused_at_once() -> None:
    places = room()
    with places.take(7):
        places.check()  # 0.1 + 6 * 0.05 = 0.4 s, and one alone takes 0.104
        with places.take(1):
            with pytest.raises(Refusal, match="8 pictures are under way, as many as can be answered soon") as refused:
                places.check()
    assert refused.value.status == 429 and refused.value.headers["Retry-After"] == "1"
    assert places.taken == 0 and places.wait == 0


def test_work_that_slows_everything_down_changes_who_waits_how_long_but_not_how_many_are_let_in() -> None:
    places = room()
    for _ in range(200):
        places.speed.note_batch(2, 1.5)  # ten times 0.15
        places.speed.note_prepared(0.04)
    assert places.speed.slower == pytest.approx(10) and places.speed.alone == pytest.approx(1.04)
    with places.take(7):
        places.check()
    with places.take(8), pytest.raises(Refusal) as refused:
        places.check()
    assert refused.value.headers["Retry-After"] == "5"


def test_small_batches_do_not_teach_that_large_ones_are_slow() -> None:
    places = room(first=0.006, further=0.0015, prepare=0.002)
    for _ in range(200):
        places.speed.note_batch(1, 0.006)
    with places.take(15):
        places.check()


def test_pictures_that_are_slow_to_decode_or_to_explain_leave_less_room() -> None:
    places = room(first=0.01, further=0.01)
    with places.take(5):
        places.check()
    for _ in range(200):
        places.speed.note_prepared(1.0)
    with places.take(8):
        places.check()
    with places.take(9), pytest.raises(Refusal):
        places.check()
    places = room()
    with places.take(4, explain=True):
        places.check()
        places.speed.note_explained(0.3)
        with pytest.raises(Refusal):
            places.check()
    assert places.wait == 0


def test_pictures_that_cannot_be_read_do_not_teach_impatience() -> None:
    async def ask() -> None:
        async with served(models_with(Slow())) as client:
            await client.ask("/predict", grey(1))
            before = client.service.places.speed.prepare
            for _ in range(5):
                assert (await client.ask("/predict", b"nothing")).status == 422
            assert client.service.places.speed.prepare == before
            await client.ask("/predict", grey(1))
            assert client.service.places.speed.prepare != before

    asyncio.run(ask())


def test_a_slow_start_never_shuts_everybody_out() -> None:
    places = room(patience=1.0, prepare=0.0, further=0.1)
    with places.take(LEAST - 1):
        places.check()


def test_a_model_is_measured_alone_and_in_full_batches() -> None:
    speed = try_out(models_with(Slow(0.02)).current, 4)
    assert 0.02 <= speed.first < 0.2 and 0 <= speed.further < speed.first and 0 < speed.prepare < 0.2


def test_no_answer_costs_the_description_of_its_picture() -> None:
    async def ask() -> None:
        async with served(models_with(Slow())) as client:
            assert (await client.ask("/predict", grey(1))).status == 200

    def fail(_: object) -> str:
        raise AssertionError("an array was described")

    with np.printoptions(override_repr=fail):
        asyncio.run(ask())


def test_a_late_answer_is_given_up_and_a_failed_batch_is_500_and_both_free_their_places() -> None:
    held = threading.Event()
    model = Slow()

    async def ask() -> None:
        async with served(models_with(model), answer_seconds=0.2) as client:
            model.hold = held.wait
            late = await client.ask("/predict", grey(1))
            assert (late.status, late.json["error"]) == (503, "there was no answer within 0.2 s")
            held.set()
            model.fault = RuntimeError("/home/somebody/secret")
            with pytest.raises(RuntimeError, match="secret"):  # uvicorn writes it to the log
                await client.ask("/predict", grey(1))
            model.fault = None
            assert (await client.ask("/predict", grey(1))).status == 200
            assert client.service.places.taken == 0

    asyncio.run(ask())


def test_pictures_of_many_clients_are_asked_about_together() -> None:
    model = Slow(0.02)

    async def ask() -> None:
        async with served(models_with(model), most_batch=4, patience=1000) as client:
            await asyncio.gather(*(client.ask("/predict", grey(number)) for number in range(16)))

    asyncio.run(ask())
    assert sum(model.batches) == 16 and max(model.batches) == 4 and len(model.batches) <= 8


def test_bodies_in_memory_are_bounded_over_all_clients() -> None:
    async def ask() -> None:
        async with served(models_with(Slow()), held_megabytes=1, most_megabytes=1) as client:
            half = b"x" * 600_000
            slow = asyncio.create_task(client.ask("/predict", [half, b"x", b"x"], pause=0.3))
            await asyncio.sleep(0.4)
            refused = await client.ask("/predict", half)
            assert (refused.status, refused.json["error"]) == (429, "too many bytes of other requests are in memory")
            assert (await slow).status == 422
            assert (await client.ask("/predict", half)).status == 422

    asyncio.run(ask())


class Two:
    """Gives a model, then another, then a fault."""

    def __init__(self) -> None:
        self.first, self.second = Slow(), Slow(classes=("light", "dark"))
        self.turn = 0

    def __call__(self) -> Served:
        from datetime import UTC, datetime

        self.turn += 1
        if self.turn > 2:
            raise OSError("/home/somebody/run/model.json is broken")
        return Served((self.first, self.second)[self.turn - 1], f"model {self.turn}", datetime.now(UTC))


def label(client: Client, number: int) -> tuple[str, str]:
    reply = client.asked[number]
    return reply.said["label"], reply.headers["x-mekiki-model"]


def test_requests_finish_with_the_model_that_they_began_with() -> None:
    two, held = Two(), threading.Event()

    async def ask() -> None:
        async with served(Models(two, 4)) as client:
            two.first.hold = held.wait
            begun = asyncio.create_task(client.ask("/predict", grey(250)))
            await until(lambda: client.service.places.taken == 1)
            assert (await client.ask("/admin/reload")).json == {"model": "model 2"}
            follows = asyncio.create_task(client.ask("/predict", grey(250)))
            await until(lambda: client.service.places.taken == 2)
            held.set()
            replies = await asyncio.gather(begun, follows)
            found = [(reply.said["label"], reply.headers["x-mekiki-model"]) for reply in replies]
            assert found == [("light", "model 1"), ("dark", "model 2")]

    asyncio.run(ask())


def test_a_broken_new_model_keeps_the_old_one_and_says_so_without_a_path(caplog: pytest.LogCaptureFixture) -> None:
    two = Two()

    async def ask() -> None:
        async with served(Models(two, 4)) as client:
            await client.ask("/admin/reload")
            refused = await client.ask("/admin/reload")
            assert (refused.status, refused.json["error"]) == (409, "the new model cannot be used; the old one goes on")
            assert b"/home" not in refused.body
            assert (await client.ask("/predict", grey(250))).headers["x-mekiki-model"] == "model 2"
            assert 'mekiki_reloads_total{result="kept"} 1.0' in client.service.metrics.text().decode()

    asyncio.run(ask())
    assert "model.json is broken" in caplog.text


def test_a_request_of_many_pictures_takes_as_many_places() -> None:
    held = threading.Event()
    model = Slow()

    async def ask() -> None:
        async with served(models_with(model), queue=5, most_pictures=4, patience=1000) as client:
            model.hold = held.wait
            body, header = multipart({f"{number}.png": grey(number) for number in range(4)})
            four = asyncio.create_task(client.ask("/predict", body, **header))
            await until(lambda: client.service.places.taken == 4)
            assert (await client.ask("/predict", body, **header)).status == 429
            held.set()
            assert len((await four).json["predictions"]) == 4

    asyncio.run(ask())
