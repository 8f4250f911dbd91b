"""Planted wrong tags come first with the right suggestion and a reason that is true; what cannot be judged is not."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mekiki.config import AuditSettings
from mekiki.errors import DataError
from mekiki.evaluation.audit_evidence import Evidence, _apart, evidence_of_features, stranger_chances
from mekiki.evaluation.auditing import Suspicions, judge_tags
from mekiki.evaluation.seen import Seen
from mekiki.progress import Silent
from mekiki.records.findings import Finding
from mekiki.records.manifest import Photo
from tests.evaluation.test_label_quality import blobs

NAMES = ("Jaguar", "Mustang", "SG", "Telecaster")
SETTINGS = AuditSettings(most=1.0, neighbours=10)


def photos_of(labels: list[int] | np.ndarray, groups: dict[int, str] | None = None) -> list[Photo]:
    return [
        Photo(f"{number:03}.jpg", NAMES[label], (groups or {}).get(number, "")) for number, label in enumerate(labels)
    ]


def evidence_of(features: np.ndarray, photos: list[Photo]) -> Evidence:
    return evidence_of_features(photos, NAMES, features, SETTINGS, Silent())


def planted(
    distance: float = 3.0, wrong: tuple[int, ...] = (3, 50, 90, 130)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, truth and tags of 4 classes of 40, some of which are wrong."""
    features, truth = blobs([40] * 4, distance)
    tags = truth.copy()
    tags[list(wrong)] = (truth[list(wrong)] + 1) % 4
    return features, truth, tags


def judged(features: np.ndarray, photos: list[Photo], findings: tuple[Finding, ...] = ()) -> Suspicions:
    return judge_tags(evidence_of(features, photos), findings, SETTINGS)


def test_wrong_tags_come_first_with_the_right_class_and_examples_of_it() -> None:
    features, truth, tags = planted()
    found = judged(features, photos_of(tags))
    assert {each.path for each in found.findings[:4]} == {"003.jpg", "050.jpg", "090.jpg", "130.jpg"}
    for each in found.findings[:4]:
        number = int(each.path[:3])
        assert (each.label, each.suggested) == (NAMES[tags[number]], NAMES[truth[number]])
        assert each.reason.startswith(f"looks like {each.suggested} ")
        assert each.reason.endswith(f"nearest {each.label} is far")
        examples = [int(path[:3]) for path in each.examples]
        assert len(set(examples)) == 3
        assert all(truth[one] == tags[one] == truth[number] for one in examples), "examples are tagged rightly"
    scores = [each.score for each in found.findings]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 4 and scores[0] > 0.99 and scores[2] > 0.5 and scores[3] >= SETTINGS.least
    assert list(found.scores) == sorted(found.scores, reverse=True) and len(found.scores) == 160


def test_every_photo_has_a_row_and_only_suspicious_ones_a_reason() -> None:
    features, _, tags = planted()
    found = judged(features, photos_of(tags))
    suspicious = {each.path: each for each in found.findings}
    assert [each.path for each in found.listings] == [f"{number:03}.jpg" for number in range(160)]
    for each in found.listings:
        assert (each.reason != "") == (each.path in suspicious)
        assert each.suggested != each.label
        if each.path in suspicious:
            assert each.score == suspicious[each.path].score and each.reason == suspicious[each.path].reason


def test_neighbours_add_to_what_the_discriminant_finds() -> None:
    """Two clusters a class, crosswise: no straight line tells the classes apart, neighbours do."""
    numbers = np.random.default_rng(0)
    corner = np.repeat(np.arange(4), 50)
    centres = np.array([[0, 0], [6, 6], [0, 6], [6, 0]])[corner]
    features = (
        np.hstack([centres + numbers.normal(size=(200, 2)), numbers.normal(size=(200, 4))]).astype(np.float32) + 9
    )
    truth = corner // 2
    tags = truth.copy()
    tags[::20] = 1 - truth[::20]
    evidence = evidence_of_features(photos_of(tags), NAMES[:2], features, SETTINGS, Silent())
    scores = [each.score or 0.0 for each in judge_tags(evidence, (), SETTINGS).listings]
    alone = 1 - evidence.opinions[0][np.arange(200), tags]
    assert average_precision_score(tags != truth, scores) > 0.8 > average_precision_score(tags != truth, alone) + 0.3


def test_clean_tags_are_left_in_peace() -> None:
    features, truth = blobs([40] * 4, 4.0)
    found = judged(features, photos_of(truth))
    assert not found.findings and found.share.value < 0.01 and found.share.low == 0


def test_no_more_are_listed_than_asked_for() -> None:
    features, _, tags = planted()
    evidence = evidence_of(features, photos_of(tags))
    few = judge_tags(evidence, (), SETTINGS.model_copy(update={"most": 0.01}))
    assert len(few.findings) == 2 and len(few.listings) == 160


def test_a_photo_under_two_tags_is_told_and_the_likelier_tag_stays() -> None:
    features, _, tags = planted(wrong=(5,))
    features[7] = features[5]
    photos = photos_of(tags, {5: "copies", 7: "copies"})
    pair = Finding("label_conflict", "005.jpg", "007.jpg")
    found = judged(features, photos, (pair,))
    assert found.findings[0].path == "005.jpg" and found.findings[0].suggested == "Jaguar"
    assert found.findings[0].reason.startswith("same photo listed as Jaguar; looks like Jaguar ")
    assert "007.jpg" not in {each.path for each in found.findings}
    assert "007.jpg" not in found.findings[0].nearest, "a copy is no example"


def test_of_a_photo_under_two_tags_that_looks_like_neither_one_is_suspicious() -> None:
    features, truth = blobs([40] * 4, 2.0)
    features[3] = features[43] = (features[:40].mean(axis=0) + features[40:80].mean(axis=0)) / 2
    photos = photos_of(truth, {3: "copies", 43: "copies"})
    pair = Finding("label_conflict", "003.jpg", "043.jpg")
    scores = {each.path: each.score for each in judged(features, photos, (pair,)).listings}
    assert (scores["003.jpg"] or 0) + (scores["043.jpg"] or 0) == pytest.approx(1, abs=0.05)
    plain = {each.path: each.score for each in judged(features, photos).listings}
    assert (plain["003.jpg"] or 0) + (plain["043.jpg"] or 0) < 0.5, "this data would not show it"


def test_conflicts_reach_through_a_chain_of_copies() -> None:
    features, truth = blobs([40] * 4, 2.0)
    tags = truth.copy()
    tags[2] = 2
    features[[1, 2]] = features[0]
    photos = photos_of(tags, dict.fromkeys((0, 1, 2), "copies"))
    pairs = (Finding("exact_duplicate", "000.jpg", "001.jpg"), Finding("label_conflict", "001.jpg", "002.jpg"))
    evidence = evidence_of(features, photos)
    found = judge_tags(evidence, pairs, SETTINGS.model_copy(update={"least": 0.0}))
    reasons = {each.path: each.reason for each in found.findings}
    assert all(reasons[path].startswith("same photo listed as SG") for path in ("000.jpg", "001.jpg"))
    assert reasons["002.jpg"].startswith("same photo listed as Jaguar")
    assert not reasons["003.jpg"].startswith("same photo")


def test_strangers_are_none_of_the_classes() -> None:
    features, truth = blobs([40] * 4, 4.0)
    strangers = np.zeros(160)
    strangers[9] = 0.93
    found = judge_tags(replace(evidence_of(features, photos_of(truth)), strangers=strangers), (), SETTINGS)
    (only,) = found.findings
    assert (only.path, only.suggested, only.reason, only.nearest) == ("009.jpg", "", "is none of the classes", "")
    assert only.score == pytest.approx(0.93)


def test_a_tag_that_is_no_class_is_told_and_kept_out_of_the_count() -> None:
    features, truth = blobs([40] * 4, 4.0)
    photos = photos_of(truth)
    photos[9] = replace(photos[9], label="Jagaur")
    evidence = evidence_of(features, photos)
    assert evidence.labels[9] == -1
    of_run = np.full((160, 4), 0.01)
    of_run[np.arange(160), truth] = 0.97
    found = judge_tags(replace(evidence, opinions=(of_run,)), (), SETTINGS)
    assert len(found.scores) == 159
    (only,) = found.findings
    assert (only.path, only.label, only.suggested) == ("009.jpg", "Jagaur", "Jaguar")
    assert only.reason.startswith("tag is no class of the model; looks like Jaguar ") and only.score > 0.9
    assert len(only.examples) == 3 and all(truth[int(path[:3])] == 0 for path in only.examples)


def test_what_was_in_training_is_marked_and_the_run_is_not_asked_there() -> None:
    features, _, tags = planted()
    evidence = evidence_of(features, photos_of(tags))
    by_heart = np.full((160, 4), 0.001)
    by_heart[np.arange(160), tags] = 0.997
    trained = np.ones(160, bool)
    opinions = _apart(by_heart.astype(np.float32), evidence.opinions[0], trained)
    found = judge_tags(replace(evidence, opinions=opinions, seen=(Seen("train"),) * 160), (), SETTINGS)
    assert {each.path for each in found.findings[:4]} == {"003.jpg", "050.jpg", "090.jpg", "130.jpg"}
    assert all(each.reason.endswith("; was in training") for each in found.findings)
    assert {each.seen for each in found.listings} == {"train"}
    fooled = judge_tags(replace(evidence, opinions=(by_heart,)), (), SETTINGS)
    hidden = {each.path: each.score for each in fooled.listings}
    assert hidden["003.jpg"] is not None and hidden["003.jpg"] < found.findings[3].score, "it would have known by heart"


def test_a_tag_of_one_group_cannot_be_judged_and_that_is_said() -> None:
    features, truth = blobs([40, 40, 40, 5], 4.0)
    photos = photos_of(truth, dict.fromkeys(range(120, 125), "a burst"))
    found = judged(features, photos)
    rows = {each.path: each for each in found.listings}
    assert len(found.scores) == 120
    assert all(rows[f"{number:03}.jpg"].score is None for number in range(120, 125))
    assert rows["120.jpg"].reason == "no other listings of its tag to learn it from"


def test_where_nothing_can_be_judged_it_is_refused() -> None:
    features, truth = blobs([5, 5], 4.0)
    photos = photos_of(truth, {number: f"burst {number // 5}" for number in range(10)})
    with pytest.raises(
        DataError, match=r"none of the 10 photos that can be read has a tag.*\nhint: .*two or more tags"
    ):
        judged(features, photos)


def test_it_says_the_same_again() -> None:
    features, _, tags = planted(1.0)
    assert judged(features, photos_of(tags)) == judged(features, photos_of(tags))


def test_strangers_are_told_from_the_few_that_a_rule_refuses_anyway() -> None:
    known = np.random.default_rng(0).normal(size=500)
    threshold = float(np.quantile(known, 0.05))
    every = [np.random.default_rng(seed).normal(size=500) for seed in range(20)]
    refused = [each < np.quantile(each, 0.05) for each in every]
    doubted = [stranger_chances(each, float(np.quantile(each, 0.05)), 0.95) >= 0.5 for each in every]
    assert np.mean([each.sum() for each in refused]) == 25
    assert np.mean([each.sum() for each in doubted]) < 1, "5 % of known photos are refused as a matter of course"
    mixed = np.concatenate([known, np.full(20, -6.0)])
    chances = stranger_chances(mixed, threshold, 0.95)
    assert chances[-20:].min() > 0.95 and np.median(chances[:500]) == 0
    assert (chances[mixed >= threshold] == 0).all()
    order = np.argsort(mixed)
    assert (np.diff(chances[order]) <= 1e-12).all(), "the stranger it looks, the likelier"
    most = np.concatenate([np.full(30, -6.0), np.full(10, 1.0)])
    assert stranger_chances(most, 0.0, 0.95)[:30].min() > 0.8, "also where most are strangers"
