"""What a person does on the studio's page ``compare``, in a real browser, with runs that were trained for it."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from mekiki.records.openings import read_test_openings
from mekiki.records.run import RunFolder
from mekiki.records.stress import read_stress
from mekiki.reports.stress_story import sentence
from tests.browser.studio_runs import HOSTILE, make_runs
from tests.browser.studio_server import RunningStudio, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

WAIT = 300_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningStudio, Path, Path]]:
    home = tmp_path_factory.mktemp("studio") / "home"
    good, short = make_runs(home)
    studio = RunningStudio(home)
    yield studio, good, short
    studio.kill()


@pytest.fixture(scope="module")
def compared(made, browser) -> tuple[RunningStudio, Path]:
    """Both runs compared by hand on their validation photos: the studio, and the folder of the result."""
    studio, good, short = made
    with opened(browser, f"{studio.address}/compare") as page:
        assert page.get_by_role("button", name="Compare").is_disabled()
        page.get_by_role("checkbox", name="good", exact=True).click()
        page.get_by_role("checkbox", name="short", exact=True).click()
        page.get_by_text("Will be compared: good, short").wait_for()
        assert parse_qs(urlsplit(page.url).query)["runs"] == [str(good), str(short)]
        page.get_by_role("combobox", name="Photos that judge").first.click()
        page.get_by_role("option", name="their own validation photos").click()
        page.get_by_role("switch", name="Accuracy against size and time").click()
        page.get_by_role("button", name="Compare").click()
        page.wait_for_url("**made=**", timeout=WAIT)
        return studio, Path(parse_qs(urlsplit(page.url).query)["made"][0])


def result_address(studio: RunningStudio, folder: Path) -> str:
    return f"{studio.address}/compare?{urlencode({'made': str(folder)})}"


def gallery_of(page, title: str) -> list[dict[str, Any]]:
    """Return the photos below a title: their alternative text, where they come from, and whether they are drawn."""
    box = page.locator(f"h3:has-text({json.dumps(title)}) + ul, h3:has-text({json.dumps(title)}) + * ul").first
    box.scroll_into_view_if_needed()
    found = []
    for picture in box.locator("img").all():
        picture.scroll_into_view_if_needed()
        drawn = picture.evaluate("image => image.decode().then(() => image.naturalWidth)")
        source = parse_qs(urlsplit(picture.get_attribute("src")).query)["path"][0]
        found.append({"alt": picture.get_attribute("alt"), "file": source, "drawn": drawn > 0})
    return found


def test_the_verdict_is_the_one_that_the_command_wrote(compared, browser) -> None:
    studio, folder = compared
    (pair,) = json.loads((folder / "comparison.json").read_text())["pairs"]
    with opened(browser, result_address(studio, folder)) as page:
        shown = page.locator(".mk-verdict-words")
        shown.wait_for()
        assert shown.inner_text() == pair["verdict"]
        counts = f"only good {pair['only_first']} · only short {pair['only_second']}"
        page.get_by_text(counts).wait_for()
        page.get_by_role("table").first.wait_for()
        fronts = page.locator("img.mk-figure:visible")
        fronts.wait_for(timeout=WAIT)
        assert "good, short" in fronts.get_attribute("alt")


def test_galleries_hold_the_photos_that_one_run_alone_recognises(compared, browser) -> None:
    studio, folder = compared
    with (folder / "comparison.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    outcomes: dict[tuple[bool, bool], set[str]] = {}
    for row in rows:
        right = (row["predicted_1"] == row["label"], row["predicted_2"] == row["label"])
        outcomes.setdefault(right, set()).add(f"{row['label']}: {row['path']}")
    assert outcomes.get((True, False)), "the runs do not differ; the test shows nothing"
    with opened(browser, result_address(studio, folder)) as page:
        page.get_by_role("heading", name="Only good is right").wait_for()
        for right, title in {(True, False): "Only good is right", (False, True): "Only short is right"}.items():
            shown = gallery_of(page, title) if outcomes.get(right) else []
            assert {each["alt"] for each in shown} == outcomes.get(right, set())
            assert all(each["drawn"] for each in shown)
            assert all(Path(each["file"]).is_file() for each in shown)
            assert all(each["file"].endswith(each["alt"].partition(": ")[2]) for each in shown)


def test_a_hostile_class_name_is_text(compared, browser) -> None:
    studio, folder = compared
    with opened(browser, result_address(studio, folder)) as page:
        page.get_by_text(HOSTILE).first.wait_for()
        assert page.locator("main b:not(.mk-whisker b), main img[src='x']").count() == 0


def test_an_earlier_result_is_found_again_and_test_photos_were_left_alone(compared, made, browser) -> None:
    studio, folder = compared
    _, good, _ = made
    assert "compare" not in {each.verb for each in read_test_openings(RunFolder(good).test_openings)}
    with opened(browser, f"{studio.address}/compare") as page:
        page.get_by_role("link", name="Compared: good, short").first.click()
        page.locator(".mk-verdict-words").wait_for()
        assert parse_qs(urlsplit(page.url).query)["made"] == [str(folder)]


def test_a_result_outside_the_folders_is_refused(made, browser, tmp_path: Path) -> None:
    studio, _, _ = made
    (tmp_path / "comparison.json").write_text("{}")
    with opened(browser, result_address(studio, tmp_path)) as page:
        page.get_by_text("is in none of the folders that this studio may look into").wait_for()
        assert page.locator(".mk-verdict").count() == 0


def test_damage_is_drawn_as_it_was_measured(made, browser) -> None:
    studio, good, short = made
    query = urlencode([("runs", str(good)), ("runs", str(short))])
    with opened(browser, f"{studio.address}/compare?{query}") as page:
        page.get_by_text("good, and on the same damaged photos: short").wait_for()
        for kind in ("Scribbles", "Occlusion", "Blur", "Noise", "Brightness", "Rotation"):
            page.get_by_role("checkbox", name=kind, exact=True).click()
        page.get_by_role("button", name="Damage the photos").click()
        page.wait_for_url("**made=**", timeout=WAIT)
        folder = Path(parse_qs(urlsplit(page.url).query)["made"][0])
        stresses = read_stress(folder / "stress.json")
        assert list(stresses[0].kinds) == ["dust"] and len(stresses) == 2
        assert page.locator("svg.mk-chart").count() == 1
        said = [title.text_content() for title in page.locator("svg.mk-chart title").all()]
        shares = [point.accuracy for each in stresses for point in each.kinds["dust"]]
        drawn = [float(found) for each in said if (found := re.search(r": ([\d.]+) %", each)[1])]
        clean = [each.clean for each in stresses]
        steps = len(shares) // 2
        expected = [clean[0], *shares[:steps], clean[1], *shares[steps:]]
        assert drawn == pytest.approx([100 * share for share in expected], abs=0.06)
        page.get_by_text(sentence("dust", stresses)).wait_for()
        page.get_by_text("The numbers").click()
        page.get_by_role("row", name=re.compile("^clean")).wait_for()
