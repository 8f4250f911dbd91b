from pathlib import Path

import pytest

from mekiki.data.decisions.accepting import ACCEPTABLE, check_acceptable, decisions_for
from mekiki.errors import SettingsError
from mekiki.records.decisions import Decision
from mekiki.records.findings import FINDING_MEANINGS, Finding
from mekiki.records.manifest import Manifest, Photo


def manifest(*paths: str, sizes: dict[str, int] | None = None) -> Manifest:
    sizes = sizes or {}
    photos = tuple(Photo(path, path[0], width=sizes.get(path, 10), height=10) for path in paths)
    return Manifest(Path("/p"), photos, tuple(sorted({photo.label for photo in photos})))


def excluded(decisions: list[Decision]) -> dict[str, str]:
    assert {decision.action for decision in decisions} <= {"exclude"}
    return {decision.path: decision.reason for decision in decisions}


def test_of_a_chain_of_copies_the_largest_stays() -> None:
    photos = manifest("a/1", "a/2", "a/3", "a/4", "a/5", "a/6", sizes={"a/3": 20})
    findings = [
        Finding("exact_duplicate", "a/1", "a/2"),
        Finding("near_duplicate", "a/2", "a/3"),
        Finding("near_duplicate", "a/4", "a/5"),
    ]
    assert excluded(decisions_for(findings, ["exact_duplicate", "near_duplicate"], photos)) == {
        "a/1": "accepted exact_duplicate of a/3",
        "a/2": "accepted exact_duplicate of a/3",
        "a/5": "accepted near_duplicate of a/4",
    }
    assert set(excluded(decisions_for(findings, ["exact_duplicate"], photos))) == {"a/2"}
    assert set(excluded(decisions_for(findings, ["near_duplicate"], photos))) == {"a/2", "a/5"}


def test_a_copy_that_goes_for_another_reason_is_not_the_one_that_stays() -> None:
    photos = manifest("a/1", "a/2", "a/3", sizes={"a/1": 50})
    findings = [
        Finding("near_duplicate", "a/1", "a/2"),
        Finding("near_duplicate", "a/1", "a/3"),
        Finding("tiny", "a/1"),
    ]
    assert excluded(decisions_for(findings, ["near_duplicate", "tiny"], photos)) == {
        "a/1": "accepted tiny",
        "a/3": "accepted near_duplicate of a/2",
    }
    everything = [*findings, Finding("tiny", "a/2"), Finding("tiny", "a/3")]
    assert excluded(decisions_for(everything, ["near_duplicate", "tiny"], photos)) == dict.fromkeys(
        ("a/1", "a/2", "a/3"), "accepted tiny"
    )


def test_a_conflict_takes_all_copies_along() -> None:
    photos = manifest("a/1", "a/2", "a/3", "b/1", "b/2", "b/3")
    findings = [
        Finding("label_conflict", "a/1", "b/1"),
        Finding("exact_duplicate", "a/1", "a/2"),
        Finding("near_duplicate", "b/2", "b/3"),
    ]
    conflicts = {
        "a/1": "accepted label_conflict with b/1",
        "a/2": "accepted label_conflict with b/1",
        "b/1": "accepted label_conflict with a/1",
    }
    got = excluded(decisions_for(findings, ["label_conflict"], photos))
    assert got == conflicts | {"a/2": got["a/2"]} and got["a/2"].startswith("accepted label_conflict with ")
    assert set(excluded(decisions_for(findings, ["exact_duplicate", "label_conflict"], photos))) == set(conflicts)
    assert set(excluded(decisions_for(findings, ["exact_duplicate"], photos))) == {"a/2"}


def test_suggested_labels_are_taken_for_photos_that_stay() -> None:
    photos = manifest("a/1", "a/2", "a/3", "b/1")
    findings = [
        Finding("label_error", "a/1", "b", 0.9),
        Finding("label_error", "a/2", "b", 0.8),
        Finding("blank", "a/2"),
    ]
    assert decisions_for(findings, ["label_error", "blank"], photos) == [
        Decision("a/2", "exclude", reason="accepted blank"),
        Decision("a/1", "relabel", "b", reason="accepted label_error"),
    ]


def test_findings_that_were_not_accepted_decide_nothing() -> None:
    photos = manifest("a/1", "a/2")
    findings = [
        Finding("stray", "notes.txt"),
        Finding("imbalance", "a"),
        Finding("unreadable", "a/1"),
        Finding("near_duplicate", "a/1", "a/2"),
    ]
    assert decisions_for(findings, [], photos) == []
    assert decisions_for(findings, ["tiny", "label_error"], photos) == []
    assert decisions_for(findings, ["unreadable", "unreadable"], photos) == [
        Decision("a/1", "exclude", reason="accepted unreadable")
    ]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("rotated", r"rotated cannot be accepted: such a photo is read upright already\nhint: can be accepted: exact_duplicate, near_duplicate, label_conflict, label_error, unreadable, tiny, blank, blurred$"),
        ("stray", r"stray cannot be accepted: such a file is left out already; a keep line ends the talk of it\n"),
        ("extension", r"extension cannot be accepted: such a photo is read by its bytes"),
        ("imbalance", r"imbalance cannot be accepted: only more photos mend it"),
        ("exact_duplicates", r"there is no kind of finding to accept 'exact_duplicates'\nhint: did you mean exact_duplicate\?"),
        ("all", r"there is no kind of finding to accept 'all'\nhint: known: exact_duplicate, "),
    ],
)  # fmt: skip
def test_what_cannot_be_accepted_says_why(kind: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        check_acceptable(["tiny", kind])
    with pytest.raises(SettingsError):
        decisions_for([], [kind], manifest())


def test_every_kind_of_finding_can_be_accepted_or_says_why() -> None:
    for kind in FINDING_MEANINGS:
        if kind not in ACCEPTABLE:
            with pytest.raises(SettingsError, match="cannot be accepted"):
                check_acceptable([kind])
