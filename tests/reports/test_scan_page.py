"""The page of a scan: self-contained, escaped, and every finding is in it. What a browser does with it: tests/browser."""

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import typing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mekiki.records.decisions import Decision
from mekiki.records.findings import FINDING_MEANINGS, SCORE_MEANINGS, Finding, FindingKind
from mekiki.records.manifest import Manifest, Photo
from mekiki.reports import scan_page
from mekiki.reports.scan_page import photos_shown, write_scan_page
from mekiki.reports.thumbnails import make_thumbnail
from tests.reports.made_runs import noise, read_page

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`${1}&amp;\u2028]]>-->"
CLASSES = ("Jaguar", "ムスタング", "SG")


def make_manifest(root: Path, per_class: int = 4) -> Manifest:
    photos = tuple(
        Photo(f"{label}/{number}.jpg", label, width=400 + number, height=300)
        for label in CLASSES
        for number in range(per_class)
    )
    return Manifest(root, photos, CLASSES)


FINDINGS = [
    Finding("unreadable", "Jaguar/3.jpg", detail="is truncated"),
    Finding("near_duplicate", "Jaguar/0.jpg", "Jaguar/1.jpg", 0.91, "almost the same picture"),
    Finding("label_conflict", "Jaguar/0.jpg", "SG/2.jpg", 0.99, "the same bytes, labelled 'Jaguar' and 'SG'"),
    Finding("exact_duplicate", "ムスタング/0.jpg", "ムスタング/1.jpg", 1.0, "the same bytes"),
    Finding("stray", "notes.txt", score=0.5, detail="no picture"),
    Finding("imbalance", "SG", score=0.8, detail="4 photos; Jaguar has 20"),
]


def picture_of(path: str) -> bytes:
    """Return other bytes for each path, so that a mix-up shows."""
    return make_thumbnail(noise(sum(map(ord, path)), 60))


def write(path: Path, manifest: Manifest, findings=FINDINGS, thumbnail=picture_of, **more) -> Path:
    write_scan_page(path, manifest, findings, thumbnail, **more)
    return path


def data_of(path: Path) -> dict:
    return json.loads(read_page(path).by_id("data").text)


def pictures_in(path: Path) -> list[str]:
    blocks = [
        each.attributes["data-pictures"] for each in read_page(path).of("i") if "data-pictures" in each.attributes
    ]
    return [picture for block in blocks for picture in block.split(" ")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "photos"


def test_every_finding_is_in_the_page_with_its_two_photos_and_labels(tmp_path, root) -> None:
    data = data_of(write(tmp_path / "scan.html", make_manifest(root)))
    read = []
    for kind, one, two, score, detail, path, other, _ in data["findings"]:
        names = [data["photos"][place][0] if place >= 0 else text for place, text in ((one, path), (two, other))]
        read.append(Finding(data["kinds"][kind]["name"], *names, score, detail))
    assert read == FINDINGS
    rows = {row[0]: row for row in data["photos"]}
    assert rows["ムスタング/1.jpg"][1:4] == ["ムスタング", 401, 300]
    assert list(rows) == sorted(rows), "photos stand in path order, so that a place is a rank"


def test_thumbnails_are_asked_for_once_and_only_for_readable_photos_with_findings(tmp_path, root) -> None:
    manifest = make_manifest(root)
    photos = tuple(
        Photo(each.path, each.label, status="unreadable") if each.path == "Jaguar/3.jpg" else each
        for each in manifest.photos
    )
    manifest = Manifest(root, photos, CLASSES)
    asked: list[str] = []
    page = write(tmp_path / "scan.html", manifest, thumbnail=lambda path: asked.append(path) or picture_of(path))
    expected = ["Jaguar/0.jpg", "SG/2.jpg", "ムスタング/0.jpg", "ムスタング/1.jpg", "Jaguar/1.jpg"]
    assert asked == expected == photos_shown(manifest, FINDINGS)
    assert pictures_in(page) == [base64.b64encode(picture_of(path)).decode() for path in expected]
    data = data_of(page)
    numbers = {row[0]: row[4] for row in data["photos"]}
    assert {path: numbers[path] for path in expected} == {path: number for number, path in enumerate(expected)}
    assert numbers["Jaguar/3.jpg"] == -1


def test_many_pictures_stay_with_their_photos_across_blocks(tmp_path, root) -> None:
    manifest = make_manifest(root, 300)
    findings = [Finding("blurred", photo.path) for photo in manifest.photos]
    gone = manifest.photos[17].path
    small = {photo.path: f"picture {number}".encode() for number, photo in enumerate(manifest.photos)}
    page = write(tmp_path / "scan.html", manifest, findings, lambda path: None if path == gone else small[path])
    data, pictures = data_of(page), pictures_in(page)
    assert len(pictures) == 900 and data["block"] < 900
    for path, _, _, _, number, *_ in data["photos"]:
        assert number == -1 if path == gone else base64.b64decode(pictures[number]) == small[path]


def test_the_same_arguments_give_the_same_bytes(tmp_path, root) -> None:
    one, two = (write(tmp_path / name, make_manifest(root)) for name in ("one.html", "two.html"))
    assert one.read_bytes() == two.read_bytes()


def test_nothing_is_loaded_from_elsewhere_and_the_policy_names_only_the_page_s_own_parts(tmp_path, root) -> None:
    page = read_page(write(tmp_path / "scan.html", make_manifest(root)))
    for element in page.elements:
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"]
        for name in {"src", "href", "srcset", "action", "data", "poster"} & set(element.attributes):
            assert element.attributes[name].startswith("#"), (element.tag, name)
    (style,) = page.of("style")
    assert "url(" not in style.text and "@import" not in style.text
    program = [each for each in page.of("script") if "type" not in each.attributes]
    assert len(program) == 1 and not re.search(r"https?:|fetch\(|XMLHttp|import\(|innerHTML", program[0].text)
    (policy,) = [meta for meta in page.of("meta") if "http-equiv" in meta.attributes]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.attributes["content"].split(";"))
    assert rules["default-src"] == "'none'" and rules["img-src"] == "data:"
    for name, element in (("style", style), ("script", program[0])):
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert rules[f"{name}-src"] == f"'sha256-{digest}'"


def test_hostile_names_are_text(tmp_path) -> None:
    root = tmp_path / "<b>folder & 'co'"
    photos = (Photo(f"{HOSTILE}/a.jpg", HOSTILE), Photo("new\nline/bad\udcff.jpg", "new\nline"))
    findings = [
        Finding("label_conflict", photos[0].path, photos[1].path, 0.9, HOSTILE),
        Finding("stray", HOSTILE, detail=HOSTILE),
        Finding("imbalance", HOSTILE, detail=HOSTILE),
    ]
    page_file = write(
        tmp_path / "scan.html",
        Manifest(root, photos, (HOSTILE, "new\nline")),
        findings,
        decisions=[Decision(HOSTILE, "exclude", reason=HOSTILE)],
        notes=[HOSTILE],
        decisions_file=root / HOSTILE,
    )
    page = read_page(page_file)
    assert len(page.of("script")) == 2 and not page.of("b")[1:] and len(page.of("img")) == 1
    assert page.of("h1")[0].text == "<b>folder & 'co'"
    assert HOSTILE in page.text
    data = json.loads(page.by_id("data").text)
    assert {row[0] for row in data["photos"]} == {f"{HOSTILE}/a.jpg", "new\nline/bad\\udcff.jpg"}
    assert data["decisions"] == [[HOSTILE, "exclude", "", "", HOSTILE]]
    source = page_file.read_text(encoding="utf-8")
    assert "\u2028" not in source.split('id="data">')[1].split("</script>")[0]


@pytest.mark.parametrize(
    ("page", "way"),
    [
        ("scan.html", "./photos/"),
        ("photos/scan.html", "./"),
        ("a b/out/scan.html", "./../../photos/"),
        ("photos/x/y.html", "./../"),
    ],
)
def test_links_lead_from_the_page_to_the_photos(tmp_path, root, page, way) -> None:
    assert data_of(write(tmp_path / page, make_manifest(root)))["base"] == way


def test_a_photo_outside_the_root_is_linked_by_its_own_address(tmp_path, root) -> None:
    path = (tmp_path / "else where" / "ü.jpg").as_posix()
    manifest = Manifest(root, (Photo(path, "SG"),), ("SG",))
    (row,) = data_of(write(tmp_path / "scan.html", manifest, [Finding("blurred", path)]))["photos"]
    assert row[6] == Path(path).as_uri() and row[6].endswith("/else%20where/%C3%BC.jpg")


def test_a_folder_with_a_hash_or_percent_sign_is_quoted(tmp_path) -> None:
    data = data_of(write(tmp_path / "scan.html", make_manifest(tmp_path / "100% #1?")))
    assert data["base"] == "./100%25%20%231%3F/"


def test_photos_that_pairs_join_are_one_group_whatever_the_kind(tmp_path, root) -> None:
    rows = data_of(write(tmp_path / "scan.html", make_manifest(root)))["findings"]
    unreadable, near, conflict, exact, stray, imbalance = (row[-1] for row in rows)
    assert near == conflict != exact and near >= 0 and exact >= 0
    assert unreadable == stray == imbalance == -1


def test_the_classes_show_their_counts_and_the_small_ones_are_marked(tmp_path, root) -> None:
    manifest = make_manifest(root)
    manifest = Manifest(root, (*manifest.photos[:8], manifest.photos[10]), CLASSES)
    page = read_page(write(tmp_path / "scan.html", manifest))
    rows = [each for each in page.of("li") if each.attributes.get("class", "") in ("", "few") and "photo" in each.text]
    words = [" ".join(row.text.split()) for row in rows]
    assert words == ["Jaguar 4 photos 3 findings", "ムスタング 4 photos 1 finding", "SG 1 photo 2 findings"]
    assert [row.attributes.get("class") for row in rows] == [None, None, "few"]
    widths = [each.attributes.get("width") for each in page.of("rect") if each.attributes.get("class") == "share"]
    assert widths[:3] == ["100.00%", "100.00%", "25.00%"]


def test_the_head_counts_photos_classes_and_findings(tmp_path, root) -> None:
    manifest = make_manifest(root)
    statuses = ["unreadable", "excluded", "excluded"] + ["ok"] * 9
    photos = tuple(
        Photo(photo.path, photo.label, status=status) for photo, status in zip(manifest.photos, statuses, strict=True)
    )
    page = read_page(write(tmp_path / "scan.html", Manifest(root, photos, CLASSES), notes=["Read in 9 s."]))
    summary = page.by_id("summary").text.replace("\u00a0", " ")
    assert summary == "12 photos in 3 classes, 1 of them unreadable, 2 excluded by decisions; 6 findings."
    assert "Read in 9 s." in page.text


def test_kinds_are_buttons_with_counts_the_gravest_first(tmp_path, root) -> None:
    page = read_page(write(tmp_path / "scan.html", make_manifest(root)))
    kinds = [each.text for each in page.of("button") if "data-kind" in each.attributes]
    assert kinds == [
        "label conflict1", "exact duplicate1", "near duplicate1", "unreadable1", "stray1", "imbalance1"
    ]  # fmt: skip


def test_every_kind_has_a_place_a_meaning_and_a_meaning_of_its_score(tmp_path, root) -> None:
    kinds = typing.get_args(FindingKind)
    assert set(FINDING_MEANINGS) == set(SCORE_MEANINGS) == set(kinds)
    page = write(tmp_path / "scan.html", make_manifest(root), [Finding(kind, "SG/0.jpg") for kind in kinds])
    rows = data_of(page)["kinds"]
    assert len(rows) == len(kinds) and all(row["meaning"] and row["score"] for row in rows)


def test_nothing_found_is_said_and_there_is_no_script(tmp_path, root) -> None:
    page = read_page(write(tmp_path / "scan.html", make_manifest(root), []))
    assert "Nothing odd was found" in page.text and "12\u00a0photos in 3\u00a0classes." in page.text
    assert not page.of("script") and not page.of("noscript") and not page.of("aside")


def test_what_decisions_settled_is_not_said_to_have_never_been_there(tmp_path, root) -> None:
    settled = [Decision("SG/0.jpg", "keep"), Decision("SG/1.jpg", "keep")]
    page = read_page(write(tmp_path / "scan.html", make_manifest(root), [], decisions=settled))
    assert "Nothing odd is left: what was found is settled by the decisions in" in page.text
    assert "every photo could be read" not in page.text


def test_without_javascript_findings_csv_is_named(tmp_path, root) -> None:
    (words,) = read_page(write(tmp_path / "scan.html", make_manifest(root))).of("noscript")
    assert "findings.csv" in words.text


def test_bounds_are_told_on_the_page(tmp_path, root, monkeypatch) -> None:
    monkeypatch.setattr(scan_page, "MOST_PICTURES", 6)
    assert "findings.csv holds" not in read_page(write(tmp_path / "all.html", make_manifest(root))).text
    monkeypatch.setattr(scan_page, "MOST_PICTURES", 2)
    monkeypatch.setattr(scan_page, "MOST_FINDINGS", 4)
    page = write(tmp_path / "some.html", make_manifest(root))
    assert (
        "Only the first 4 of 6 findings are listed here. Only the first 2 photos have a picture" in read_page(page).text
    )
    assert len(data_of(page)["findings"]) == 4 and len(pictures_in(page)) == 2


def test_many_classes_are_folded_away(tmp_path, root) -> None:
    names = tuple(f"class {number}" for number in range(40))
    manifest = Manifest(root, tuple(Photo(f"{name}/1.jpg", name) for name in names), names)
    page = read_page(write(tmp_path / "scan.html", manifest, [Finding("blurred", "class 1/1.jpg")]))
    assert page.of("summary")[0].text == "Photos in each of 40 classes"


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 5000, 3), (900, 1200, 3), (20, 30, 3)])
def test_a_small_picture_is_webp_of_112_pixels_at_most(shape) -> None:
    with Image.open(io.BytesIO(make_thumbnail(np.full(shape, 90, np.uint8)))) as image:
        assert image.format == "WEBP" and max(image.size) == min(112, max(shape[:2]))
        scale = min(1, 112 / max(shape[:2]))
        assert image.size == (max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale)))


def test_a_small_picture_keeps_its_colours_and_is_the_same_twice() -> None:
    picture = np.zeros((400, 800, 3), np.uint8)
    picture[:, :400] = (200, 30, 40)
    small = make_thumbnail(picture)
    assert small == make_thumbnail(picture[:, ::-1][:, ::-1])
    with Image.open(io.BytesIO(small)) as image:
        assert np.abs(np.array(image.convert("RGB").getpixel((20, 28))) - (200, 30, 40)).max() < 12


def test_a_scan_s_page_needs_neither_torch_nor_matplotlib() -> None:
    code = "import sys, mekiki.reports.scan_page; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "mekiki.reports.scan_page" in loaded
    assert not loaded & {"torch", "matplotlib", "sklearn"}
