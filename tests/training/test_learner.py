"""A step learns the same from one batch and from several; compiled or not; and its loss is torch's."""

import shutil

import pytest
import torch
from torch.nn.functional import cross_entropy

from mekiki.model.device import Machine, compiles
from mekiki.training.distributed import Team
from mekiki.training.loss import SummedLoss, balanced_weights
from tests.training.learning import WEIGHTS, Case, apart, in_one, learner_of, learnt, made_photos, put_together

ROUNDING = 2e-6
STEPS = ((4, 4, 4), (4, 3), (2,))


@pytest.mark.parametrize(
    "case",
    [
        Case(STEPS),
        Case(STEPS, weighed=True, average=0.5),
        Case(STEPS, weighed=True, mixed=True),
        Case(STEPS, "test_resnet", mixed=True),
    ],
)
def test_several_batches_are_one_large_batch(case: Case) -> None:
    (ours, our_figures), (theirs, their_figures) = learnt(case), learnt(in_one(case))
    assert apart(ours, theirs) < ROUNDING
    assert [right for _, right in our_figures] == [right for _, right in their_figures]
    assert [loss for loss, _ in our_figures] == pytest.approx([loss for loss, _ in their_figures], rel=1e-5)


def test_the_comparison_would_find_a_mean_of_means(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case(STEPS, weighed=True)
    good, _ = learnt(in_one(case))
    call = SummedLoss.__call__

    def mean(self, logits, batch):
        total, weight = call(self, logits, batch)
        return total / weight * len(batch.labels), logits.new_tensor(float(len(batch.labels)))

    monkeypatch.setattr(SummedLoss, "__call__", mean)
    monkeypatch.setattr("mekiki.training.learner.Learner._scale", lambda self, factor: None)
    assert apart(learnt(case)[0], good) > 20 * ROUNDING


def test_the_loss_is_torchs() -> None:
    batch = put_together(made_photos(Case(((9,),))))
    logits, labels = torch.randn(9, 3, generator=torch.Generator().manual_seed(0)), torch.from_numpy(batch.labels)
    for weights in (None, torch.tensor(WEIGHTS)):
        total, weight = SummedLoss(0.1, weights)(logits, batch)
        assert float(total / weight) == pytest.approx(
            float(cross_entropy(logits, labels, weight=weights, label_smoothing=0.1)), rel=1e-6
        )


def test_of_two_photos_both_labels_count_by_their_shares() -> None:
    batch = put_together(made_photos(Case(((9,),), mixed=True)))
    logits = torch.randn(9, 3, generator=torch.Generator().manual_seed(0))
    total, weight = SummedLoss(0.0, None)(logits, batch)
    chances = logits.log_softmax(1)
    by_hand = [
        -share * chances[row, own] - (1 - share) * chances[row, other]
        for row, (own, other, share) in enumerate(zip(batch.labels, batch.others, batch.shares.tolist(), strict=True))
    ]
    assert float(total) == pytest.approx(float(sum(by_hand)), rel=1e-5)
    assert float(weight) == pytest.approx(9)


def test_balanced_weights_give_each_class_the_same_say() -> None:
    labels = torch.tensor([0, 0, 0, 1, 2, 2])
    weights = balanced_weights(labels.numpy(), torch.device("cpu"))
    assert (weights * labels.bincount()).tolist() == pytest.approx([2.0, 2.0, 2.0])


def test_each_batch_of_a_step_has_dropout_of_its_own() -> None:
    learner, other = learner_of(Case(STEPS), Team()), learner_of(Case(STEPS), Team())
    other.team = Team(1, 2)
    seeds = [each._seed(number, part) for each in (learner, other) for number in range(3) for part in range(3)]
    assert len(set(seeds)) == 18


def test_compilation_is_on_where_it_is_asked_for() -> None:
    machine = Machine(torch.device("cpu"), False)
    assert [compiles(wanted, machine) for wanted in ("auto", "on", "off")] == [False, True, False]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
@pytest.mark.filterwarnings("ignore")
def test_a_compiled_network_learns_the_same_and_keeps_its_names() -> None:
    case = Case(((4, 4), (4, 4), (2,)), weighed=True)
    plain, _ = learnt(case)
    compiled, _ = learnt(Case(**{**vars(case), "compile": "on"}))
    assert apart(plain, compiled) < 20 * ROUNDING
