"""The model's answers to frames, smoothed, each with what a page of the video shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from mekiki.config import ExplainSettings, VideoSettings
from mekiki.data.videos import Frame
from mekiki.errors import PictureError
from mekiki.evaluation.classifier import Classifier
from mekiki.explanation.maps import Maps, Question, as_heat, explain_batch, why_no_evidence
from mekiki.progress import Silent
from mekiki.records.frames import UNKNOWN, WatchedFrame
from mekiki.reports.video_page import Shown
from mekiki.scoring.voting import TemporalVote, Verdict
from mekiki.tensors.geometry import Picture, from_square, square


@dataclass(frozen=True)
class _Own:
    """A frame's own answer: its probabilities, (classes,), and whether it shows one of the classes at all."""

    chances: NDArray[np.float32]
    known: bool | None

    @property
    def best(self) -> int:
        return int(self.chances.argmax())


@dataclass(frozen=True)
class AnsweredFrame:
    """A frame with its answer.

    Attributes:
        picture: (H, W, 3) uint8 RGB; None if it cannot be decoded.
        line: What the model says, or said last.
        heat: (H, W) in 0..1 of the last frame that was asked about; None: no map.
        shown: What a page says; None before the first answer, or where no pages are made.
    """

    picture: Picture | None
    line: WatchedFrame
    heat: NDArray[np.float32] | None
    shown: Shown | None


class FrameAnswers:
    """Asks a model about frames and smooths its answers; it remembers those before.

    Args:
        classifier: The model.
        how: How answers are smoothed.
        with_pages: Whether heat maps and what pages say are made, too.
    """

    def __init__(self, classifier: Classifier, how: VideoSettings, with_pages: bool) -> None:
        self.classifier = classifier
        self.with_pages = with_pages
        self.vote = TemporalVote(how.smooth_seconds, how.lead, how.hold_seconds)
        self.tells_unknown = classifier.card.unknown is not None
        self.names = [*(str(name) for name in classifier.classes_), UNKNOWN]
        self._verdict: Verdict | None = None
        self._heat: NDArray[np.float32] | None = None
        self._shown: Shown | None = None

    def of(self, group: Sequence[tuple[Frame, bool]]) -> Iterator[AnsweredFrame]:
        """Yield the frames of a group, each with whether it is asked about, with their answers, in order."""
        asked = [frame for frame, is_asked in group if is_asked and frame.picture is not None]
        pictures = [frame.picture for frame in asked if frame.picture is not None]
        answers = self._ask(pictures)
        verdicts = [
            self.vote.add(frame.seconds, answer.chances, answer.known)
            for frame, answer in zip(asked, answers, strict=True)
        ]
        maps = self._explain(pictures, answers, verdicts) if self.with_pages and pictures else None
        number = 0
        for frame, is_asked in group:
            if not is_asked or frame.picture is None:
                yield self._answered(frame, self._line(frame, None))
                continue
            self._verdict = verdicts[number]
            if maps is not None:
                self._show(frame, frame.picture, maps, number)
            yield self._answered(frame, self._line(frame, answers[number]))
            number += 1

    def _ask(self, pictures: list[Picture]) -> list[_Own]:
        if not pictures:
            return []
        with closing(self.classifier.answers(pictures, Silent())) as answers:
            return [
                _Own(answer.chances, self.classifier.is_known(answer))
                for _, answer in answers
                if not isinstance(answer, PictureError)
            ]

    def _explain(self, pictures: list[Picture], answers: list[_Own], verdicts: list[Verdict]) -> Maps:
        """Return maps of the classes that are shown; where that is "unknown", of the class nearest to the frame."""
        preprocessing = self.classifier.card.preprocessing
        squares = [square(picture, preprocessing.image_size, preprocessing.fit) for picture in pictures]
        x = self.classifier.normaliser(np.stack(squares))
        numbers = [
            verdict.number if verdict.known else answer.best for verdict, answer in zip(verdicts, answers, strict=True)
        ]
        classes = torch.tensor(numbers, dtype=torch.int64, device=x.device)
        return explain_batch(self.classifier, x, ExplainSettings(), Question(classes))

    def _show(self, frame: Frame, picture: Picture, maps: Maps, number: int) -> None:
        signed = maps.signed[number]
        explained = self.names[int(maps.question.classes[number])]
        at = f"frame {frame.index:,}, {as_time(frame.seconds)}"
        if why_no_evidence(signed, explained):
            self._heat, note = None, f"{at} · no place speaks for"
        else:
            height, width = picture.shape[:2]
            fit = self.classifier.card.preprocessing.fit
            self._heat = np.clip(from_square(as_heat(signed), width, height, fit), 0, 1)
            note = f"{at} · red: what speaks for"
        if self._verdict is not None:
            chances = self._verdict.chances if self.tells_unknown else self._verdict.chances[:-1]
            order = np.argsort(-chances, kind="stable")
            ranked = tuple((self.names[each], float(chances[each])) for each in order)
            label = self.names[self._verdict.number]
            self._shown = Shown(label, self._verdict.known, self._verdict.score, ranked, note, explained)

    def _answered(self, frame: Frame, line: WatchedFrame) -> AnsweredFrame:
        return AnsweredFrame(frame.picture, line, self._heat, self._shown)

    def _line(self, frame: Frame, answer: _Own | None) -> WatchedFrame:
        line = WatchedFrame(frame.index, frame.seconds, answer is not None, error=frame.error)
        if (verdict := self._verdict) is not None:
            known = verdict.known if self.tells_unknown else None
            line = replace(line, label=self.names[verdict.number], known=known, score=verdict.score)
        if answer is None:
            return line
        own = float(answer.chances[answer.best])
        return replace(line, raw_label=self.names[answer.best], raw_known=answer.known, raw_score=own)


def as_time(seconds: float) -> str:
    """Return a time as minutes and seconds: "1:02.50"."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"
