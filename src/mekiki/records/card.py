"""The model card: all that is needed to rebuild a trained model and to feed it, as in ``model.json``.

It names the architecture in words that ``model/`` knows; nothing in it is executed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from mekiki.config import FitName, HeadName, NormaliseName, ViewsName, complete
from mekiki.files import write_json
from mekiki.records.calibration import Calibration
from mekiki.records.evaluation import Record, foreign_record, read_json_object
from mekiki.records.unknown import UnknownRule

LEAST_SPREAD = 0.001
LARGEST_BASIS = 2**25
"""Numbers that a whitening may hold: 128 MiB."""

PadType = Literal["", "same"]
_Mean = Annotated[float, Field(ge=-10, le=10)]
_Std = Annotated[float, Field(ge=LEAST_SPREAD, le=10)]
Channels = tuple[_Mean, _Mean, _Mean]
Spread = tuple[_Std, _Std, _Std]


class Preprocessing(Record):
    """How an upright RGB picture becomes the network's input.

    Attributes:
        image_size: Height and width of the input, pixels.
        fit: letterbox, squash or crop.
        mean: Subtracted from each channel (red, green, blue) of a picture in 0..1.
        std: Each channel is then divided by this.
        normalise: What was asked for, by its known names, in the order in which it is applied. Mean and std hold all of
            it but the samplewise names, which look at each picture anew, and zca_whitening.
        zca_components: Directions of the whitening, which is in ``normalisation.safetensors``; 0: none.
    """

    image_size: int = Field(ge=8, le=2048)
    fit: FitName
    mean: Channels
    std: Spread
    normalise: tuple[NormaliseName, ...] = ("weights",)
    zca_components: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if complete(self.normalise) != self.normalise:
            raise ValueError(f"normalise {','.join(self.normalise)} is not whole, or not in order")
        if ("zca_whitening" in self.normalise) != (self.zca_components > 0):
            raise ValueError(f"zca_components {self.zca_components} with normalise {','.join(self.normalise)}")
        if 3 * self.image_size**2 * self.zca_components > LARGEST_BASIS:
            raise ValueError(f"zca_components {self.zca_components} are too many for {self.image_size} px pictures")
        return self


class HeadFit(Record):
    """The head that training ended with, and one fitted anew to the trained features, on photos of ``image_size``.

    Attributes:
        replaced: Whether the new one took its place: its log loss on validation photos was lower.
        trained_accuracy: Share of the validation photos that the trained head has right, 0..1.
        trained_loss: Its log loss there, at the scale at which it is lowest.
        fitted_accuracy: The share of the new one.
        fitted_loss: The log loss of the new one, likewise.
    """

    replaced: bool
    trained_accuracy: float
    trained_loss: float
    fitted_accuracy: float
    fitted_loss: float


class ModelCard(Record):
    """What ``model.safetensors`` holds.

    Attributes:
        format: Version of this file.
        backbone: A name that ``timm.create_model`` knows.
        pad_type: "same" for TensorFlow-style padding, else empty.
        head: Which head stands on it.
        classes: Class names in the order of the outputs.
        preprocessing: How pictures are prepared.
        views: In which forms each picture is judged; the answer is the mean of their logits.
        head_fit: How the head was chosen after the last epoch; None: it is as training left it.
        calibration: The temperature by which the logits are divided; None: it was not calibrated.
        unknown: When a picture is none of the classes; None: it has no threshold. What a distance needs is in
            ``unknown.safetensors``.
        weights_source: Where the backbone's first weights came from, in words.
        parameters: All parameters of the model.
        trainable_parameters: Those that training moved.
    """

    format: Literal[1] = 1
    backbone: str
    pad_type: PadType = ""
    head: HeadName
    classes: list[str] = Field(min_length=2, max_length=100_000)
    preprocessing: Preprocessing
    views: ViewsName = "plain"
    head_fit: HeadFit | None = None
    calibration: Calibration | None = None
    unknown: UnknownRule | None = None
    weights_source: str = ""
    parameters: int = 0
    trainable_parameters: int = 0


def write_card(path: Path, card: ModelCard) -> None:
    """Write ``model.json``."""
    write_json(path, card.model_dump())


def read_card(path: Path) -> ModelCard:
    """Read ``model.json``.

    Raises:
        RunError: The file is missing, or a value is not one that this version knows.
    """
    content = read_json_object(path)
    try:
        return ModelCard.model_validate(content)
    except ValidationError as error:
        raise foreign_record(path, error) from None
