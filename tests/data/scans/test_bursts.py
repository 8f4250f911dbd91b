from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mekiki.data.copies.duplicates import Groups
from mekiki.data.copies.hashing import Sketch, sketch
from mekiki.data.pictures import read_picture
from mekiki.data.scans.bursts import MOST_PER_SECOND, burst_pairs
from mekiki.seeds import stream
from tests.data.made_pictures import product, scene

WIDE, HIGH = 160, 120
WHITE = sketch(np.full((HIGH, WIDE, 3), 255, np.uint8))


def groups(
    paths: Sequence[str],
    *,
    taken: Sequence[str] = (),
    cameras: Sequence[str] = (),
    sizes: Sequence[tuple[int, int]] = (),
    sketches: Sequence[Sketch] = (),
) -> list[list[str]]:
    """Return the paths that are joined, group by group."""
    count = len(paths)
    pairs = burst_pairs(
        paths,
        taken or [""] * count,
        cameras or [""] * count,
        sizes or [(WIDE, HIGH)] * count,
        sketches or [WHITE] * count,
    )
    joined = Groups(count)
    for pair in pairs:
        joined.join(pair.first, pair.second)
    return [[paths[index] for index in members] for members in joined.members().values()]


def film(number: int, count: int, movement: float) -> list[Sketch]:
    """Sketch the frames of a camera that pans over a scene with a thing moving through it.

    Args:
        number: Of the scene.
        count: Frames.
        movement: From frame to frame, as a share of the picture's width.
    """
    numbers = stream(0, "film", number)
    ground = np.array(scene(number, 640, 480))
    sketches = []
    for frame in range(count):
        angle = frame / count * 6.28
        left, top = 240 + movement * WIDE * count / 6.28 * np.array([np.cos(angle), np.sin(angle)])
        matrix = np.array([[1, 0, left], [0, 1, top]], dtype=np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(ground, matrix, (WIDE, HIGH), flags=flags, borderMode=cv2.BORDER_REFLECT)
        cv2.circle(seen, (20 + int(frame / count * 120), 60), 12, (250, 250, 40), -1)
        noisy = np.clip(seen + numbers.normal(0, 3, seen.shape), 0, 255).astype(np.uint8)
        jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        sketches.append(sketch(read_picture(jpeg.tobytes())))
    return sketches


def still(number: int) -> Sketch:
    return sketch(np.array(scene(number, WIDE, HIGH)))


@pytest.mark.parametrize(
    "name",
    [
        "clip_frame_{:04}.jpg".format,
        "clip-{:06}.png".format,
        "VID_2024_{:04}.jpg".format,
        "{}.jpg".format,
        "Film {:03} crop.JPG".format,
        lambda number: f"sub/clip_mp4-{number}_jpg.rf.{number * 7919:032x}.jpg",
        lambda number: f"clip_{number * 30:05}.jpg",
        lambda number: f"{('train', 'val', 'Test')[number % 3]}/SG/clip_{number:03}.jpg",
    ],
)
@pytest.mark.parametrize("movement", [0.0, 0.02, 0.05])
def test_the_frames_of_a_video_are_joined(name: Callable[[int], str], movement: float) -> None:
    names = [name(number) for number in range(1, 21)]
    assert groups(names, sketches=film(1, 20, movement)) == [names]


def test_the_order_of_the_files_does_not_matter() -> None:
    names, sketches = [f"clip_{number}.jpg" for number in range(1, 15)], film(5, 14, 0.02)
    order = stream(0, "order").permutation(14).tolist()
    found = groups([names[index] for index in order], sketches=[sketches[index] for index in order])
    assert [sorted(members) for members in found] == [sorted(names)]


def test_two_videos_are_two_groups() -> None:
    names = [f"clip_{number:02}.jpg" for number in range(24)]
    assert groups(names, sketches=[*film(1, 12, 0.02), *film(3, 12, 0.02)]) == [names[:12], names[12:]]
    other = [f"other_{number:02}.jpg" for number in range(12)]
    both = [name for pair in zip(names[:12], other, strict=True) for name in pair]
    sketches = [value for pair in zip(film(1, 12, 0.02), film(1, 12, 0.02), strict=True) for value in pair]
    assert sorted(groups(both, sketches=sketches)) == [names[:12], other]


def test_numbered_photos_of_different_things_are_not_joined() -> None:
    names = [f"IMG_{number:04}.jpg" for number in range(60)]
    assert groups(names, sketches=[still(number) for number in range(60)]) == []
    alike = [sketch(np.array(product(number))) for number in range(60)]
    assert groups(names, sketches=alike) == []


def test_likeness_alone_joins_nothing() -> None:
    frames = film(1, 12, 0.01)
    assert groups([f"{chr(97 + number)}.jpg" for number in range(12)], sketches=frames) == []
    assert groups([f"folder{number}/clip.jpg" for number in range(12)], sketches=frames) == []
    assert groups([f"{chr(97 + number)}/clip_{number}.jpg" for number in range(12)], sketches=frames) == []
    sizes = [(100 + number, 100) for number in range(12)]
    assert groups([f"clip_{number}.jpg" for number in range(12)], sketches=frames, sizes=sizes) == []


def test_plain_pictures_are_no_video() -> None:
    assert groups([f"clip_{number}.jpg" for number in range(12)], sketches=[WHITE] * 12) == []


def test_two_alike_photos_among_others_are_no_video() -> None:
    names = [f"IMG_{number:04}.jpg" for number in range(10)]
    sketches = [still(number) for number in range(10)]
    sketches[4] = sketches[3]
    assert groups(names, sketches=sketches) == []


def at(*seconds: float) -> list[str]:
    return [f"2024-05-01T12:{int(value) // 60:02}:{value % 60:09.6f}" for value in seconds]


def test_a_burst_is_a_chain_of_moments_of_one_camera() -> None:
    names = ["z.jpg", "b.png", "sub/c.jpg", "d.jpg", "e.jpg"]
    moments = at(10.0, 13.5, 12.0, 15.6, 30)
    assert groups(names, taken=moments, cameras=["A"] * 5) == [["z.jpg", "b.png", "sub/c.jpg"]]
    assert groups(names, taken=moments, cameras=["A", "A", "B", "A", "B"]) == []
    assert groups(names, taken=moments, cameras=[""] * 5) == []
    assert groups(names, taken=["", "", "never", "2024:05:01 12:00:00", "2024-05-01T25:00:00"], cameras=["A"] * 5) == []


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        ("2024-05-01T12:00:01.25", "2024-05-01T12:00:03.2", True),
        ("2024-05-01T12:00:01.25", "2024-05-01T12:00:03.26", False),
        ("2024-05-01T23:59:59", "2024-05-02T00:00:00", True),
        ("2024-05-01T12:00:01", "2024-05-01T12:00:01", True),
        ("2024-05-01T12:00:01+02:00", "2024-05-01T12:00:02", True),
        ("0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", False),
        ("2024-05-01", "2024-05-01T00:00:01", True),
    ],
)
def test_moments(one: str, other: str, joined: bool) -> None:
    assert bool(groups(["a", "b"], taken=[one, other], cameras=["A", "A"])) is joined


def test_a_clock_that_was_never_set_joins_nothing() -> None:
    count = MOST_PER_SECOND + 1
    names = [f"{number}.jpg" for number in range(count + 3)]
    taken = [*["2000-01-01T00:00:00"] * count, *at(0, 1, 2)]
    assert groups(names, taken=taken, cameras=["A"] * len(names)) == [names[count:]]
    assert len(groups(names[1:], taken=taken[1:], cameras=["A"] * (len(names) - 1))) == 2


@given(st.lists(st.tuples(st.sampled_from(["A", "B", ""]), st.integers(0, 40).map(lambda half: half / 2)), max_size=12))
def test_whoever_is_within_two_seconds_is_in_the_same_group(photos: list[tuple[str, float]]) -> None:
    names = [str(index) for index in range(len(photos))]
    found = groups(names, taken=at(*(moment for _, moment in photos)), cameras=[camera for camera, _ in photos])
    group_of = {name: number for number, members in enumerate(found) for name in members}
    for name, (camera, moment) in zip(names, photos, strict=True):
        near = [
            other
            for other, (whose, when) in zip(names, photos, strict=True)
            if whose == camera != "" and abs(when - moment) <= 2 and other != name
        ]
        assert (name in group_of) == bool(near)
        assert all(group_of[name] == group_of[other] for other in near)
    assert all(len({photos[int(name)][0] for name in members}) == 1 for members in found)


def test_nothing_to_look_at() -> None:
    assert burst_pairs([], [], [], [], []) == []


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "most"), [("guitars", 12), ("objects20", 14)])
def test_hardly_any_real_photos_are_taken_for_a_video(shared: Path, folder: str, most: int) -> None:
    """Of objects20 the brain scans 14 to 21 are slices of one head, and 14 to 17 of the menorahs are one photo."""
    files = sorted((shared / "data" / folder).rglob("*.jpg"))
    pictures = [read_picture(file) for file in files]
    pairs = burst_pairs(
        [file.relative_to(shared).as_posix() for file in files],
        [""] * len(files),
        [""] * len(files),
        [(picture.shape[1], picture.shape[0]) for picture in pictures],
        [sketch(picture) for picture in pictures],
    )
    assert len(pairs) <= most
