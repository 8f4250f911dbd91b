"""Every setting and its default: one frozen section per concern, a sentence and a unit on each field.

The command line, the run's ``config.json`` and the documentation are made from these fields. A contradiction
is refused here, in the user's own words. A function takes its section or plain values, never the whole ``RunConfig``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mekiki.errors import SettingsError, unknown_name

HeadName = Literal["gap", "flatten", "flatten-dropout", "flatten-dense"]
FitName = Literal["letterbox", "squash", "crop"]
Precision = Literal["auto", "float32", "bfloat16"]
LayoutName = Literal["auto", "classes", "parts", "flat", "csv"]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Amount = Annotated[int | float, Field(ge=0)]


class Section(BaseModel):
    """Base of all sections: frozen, and unknown keys fail."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class ScanSettings(Section):
    """How a folder of photos is read."""

    layout: LayoutName = Field(
        "auto",
        description="how labels are given: class folders, train/val/test folders, flat 1_0001.jpg names, or a CSV",
    )
    classes: tuple[str, ...] = Field(
        (), description="class names in the order of their numbers; empty: sorted names, or classes.txt"
    )
    near_bits: int = Field(
        20,
        ge=0,
        le=64,
        description="photos whose 256-bit difference hashes differ in at most this many bits are compared closely",
    )
    near_similarity: float = Field(
        0.97,
        ge=0.8,
        le=1.0,
        description="compared photos are near duplicates if their 32x32 outlines correlate at least this much",
    )
    max_megapixels: float = Field(
        100.0,
        gt=0,
        le=178.0,
        description="a picture with more pixels is refused as unreadable, in millions (the decoders' own limit is 178)",
    )

    @field_validator("classes", mode="before")
    @classmethod
    def _split_at_commas(cls, given: Any) -> Any:
        return [name.strip() for name in given.split(",")] if isinstance(given, str) else given


class SplitSettings(Section):
    """How photos are divided: val chooses, test is looked at once."""

    train: Amount = Field(0.6, description="photos for training: a count per class (200) or a fraction (0.6)")
    val: Amount = Field(0.2, description="photos for choosing the best snapshot: a count per class or a fraction")
    test: Amount | None = Field(
        None, description="photos for the final figure: a count per class or a fraction; not given: the rest"
    )
    seed: int = Field(0, ge=0, description="seed of the division")

    @model_validator(mode="after")
    def _check(self) -> Self:
        kinds = {part: kind_of_amount(getattr(self, part)) for part in ("train", "val", "test") if getattr(self, part)}
        if len(set(kinds.values())) > 1:
            raise ValueError("train, val and test must all be counts per class (200) or all be fractions (0.6)")
        if not self.train:
            raise ValueError("train must be above 0")
        if not self.val:
            raise ValueError("val must be above 0: without validation photos nothing can choose the best snapshot")
        if self.by_fraction and self.train + self.val + (self.test or 0) > 1 + 1e-9:
            raise ValueError(f"the fractions train {self.train} + val {self.val} + test {self.test or 0} exceed 1")
        return self

    @property
    def by_fraction(self) -> bool:
        """Whether the amounts are fractions; else they are counts per class."""
        return kind_of_amount(self.train) == "fraction"


def kind_of_amount(amount: float) -> Literal["count", "fraction"]:
    """Tell a fraction (0.6, 1.0) from a count per class (1, 200)."""
    if isinstance(amount, float) and amount <= 1:
        return "fraction"
    if amount != int(amount):
        raise ValueError(f"{amount} is neither a fraction (0..1) nor a whole number of photos per class")
    return "count"


class ModelSettings(Section):
    """What is trained."""

    backbone: str = Field(
        "mobilenetv1_100", description="any timm name (resnet50, mobilenetv1_100, vgg16, …) or nin, nin_small"
    )
    weights: str = Field(
        "auto",
        description="auto (the folder named by MEKIKI_WEIGHTS, then timm's cache and hub), none (random), or a path",
    )
    head: HeadName = Field(
        "gap", description="gap (pool + linear), flatten, flatten-dropout, or flatten-dense (256 sigmoid)"
    )
    freeze: int | Literal["all", "none"] = Field(
        "none", description="stages of the backbone kept as they are, from the input: a number, all, or none"
    )
    image_size: int = Field(160, ge=16, le=1024, description="the network's input, pixels on each side")
    fit: FitName = Field(
        "letterbox", description="how a photo becomes square: letterbox (all of it, padded), squash, or crop (centre)"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.freeze, int) and self.freeze < 0:
            raise ValueError(f"freeze {self.freeze}: the number of frozen stages is 0 or more")
        if self.weights == "none" and self.freeze == "all":
            raise ValueError("freeze all with weights none would leave a backbone of random numbers that never learns")
        return self


class AugmentSettings(Section):
    """Random changes to the training photos; all affine steps are one resampling."""

    rotation_range: float = Field(10.0, ge=0, le=180, description="turned by up to this, either way, degrees")
    width_shift_range: Fraction = Field(0.05, description="shifted sideways by up to this fraction of the width")
    height_shift_range: Fraction = Field(0.05, description="shifted up or down by up to this fraction of the height")
    zoom_range: float = Field(0.15, ge=0, lt=1, description="scaled by a factor in 1 ± this")
    brightness_range: float = Field(0.2, ge=0, lt=1, description="brightness multiplied by a factor in 1 ± this")
    horizontal_flip: bool = Field(True, description="mirrored left to right, half of the time")
    vertical_flip: bool = Field(False, description="mirrored top to bottom, half of the time")


class TrainSettings(Section):
    """How it is trained."""

    epochs: int = Field(
        8, ge=0, le=10_000, description="passes over the training photos after the probe; 0: the probe alone"
    )
    steps_per_epoch: int | None = Field(
        None, ge=1, description="batches that make an epoch; not given: one pass over the photos"
    )
    batch_size: int = Field(32, ge=2, le=4096, description="photos per step")
    probe: bool = Field(True, description="start the head from a logistic regression on the frozen backbone's features")
    optimizer: Literal["adamw", "sgd"] = Field("adamw", description="adamw, or sgd with Nesterov momentum")
    learning_rate: float = Field(1e-3, gt=0, description="highest learning rate")
    momentum: float = Field(0.9, ge=0, lt=1, description="of sgd")
    weight_decay: float = Field(0.05, ge=0, description="decoupled for adamw; not applied to biases and norms")
    layer_decay: float = Field(
        0.75,
        gt=0,
        le=1,
        description="each stage of the backbone learns at this times the rate of the next; 1: all alike",
    )
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="course of the learning rate after the warm-up"
    )
    warmup: Fraction = Field(0.1, description="share of all steps in which the rate rises from 0")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="share of each label spread over all classes")
    class_weights: bool = Field(False, description="weigh classes by the inverse of their number of photos")
    batch_norm: Literal["frozen", "trained"] = Field(
        "frozen", description="keep the backbone's batch statistics, or train them; trained when weights are none"
    )
    patience: int = Field(20, ge=1, description="epochs without a better validation before it stops early")
    precision: Precision = Field(
        "auto", description="auto: bfloat16 where the machine has instructions for it, else float32"
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps")
    workers: int = Field(2, ge=0, le=64, description="threads that prepare pictures beside training; 0: none")
    seed: int = Field(0, ge=0, description="seed of everything random in training")


class EvaluateSettings(Section):
    """How predictions are made and scored."""

    batch_size: int = Field(32, ge=1, le=4096, description="pictures per batch")
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps")
    precision: Precision = Field(
        "auto", description="auto: bfloat16 where the machine has instructions for it, else float32"
    )
    workers: int = Field(2, ge=0, le=64, description="threads that prepare pictures; 0: none")
    max_megapixels: float = Field(
        100.0, gt=0, le=178.0, description="a picture with more pixels is refused as unreadable, in millions"
    )


class DemoSettings(Section):
    """How large the demonstration is."""

    per_class: int = Field(150, ge=20, le=10_000, description="drawings per guitar model")
    epochs: int = Field(12, ge=1, le=1000, description="passes over the drawings")
    seed: int = Field(0, ge=0, description="seed of the drawings and of the training")


class RunConfig(Section):
    """Everything that a run was asked to do; ``config.json`` holds it with each default resolved."""

    data: str = Field(description="the folder or CSV that was trained on")
    split_file: str | None = Field(None, description="the split that was given, if one was")
    scan: ScanSettings = Field(default_factory=ScanSettings)
    split: SplitSettings = Field(default_factory=SplitSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    augment: AugmentSettings = Field(default_factory=AugmentSettings)
    train: TrainSettings = Field(default_factory=TrainSettings)


SECTIONS: dict[str, type[Section]] = {
    "scan": ScanSettings,
    "split": SplitSettings,
    "model": ModelSettings,
    "augment": AugmentSettings,
    "train": TrainSettings,
}

AnySection = TypeVar("AnySection", bound=Section)


def make_config(data: str, split_file: str | None = None, /, **settings: Any) -> RunConfig:
    """Make a run's configuration from plain names.

    Args:
        data: The folder or CSV to train on.
        split_file: A split to use instead of making one.
        settings: Field names as on the command line (``backbone="resnet50"``, ``epochs=5``), or ``section.field``
            (``{"augment.zoom_range": 0.3}``). ``seed`` is given to both the split and the training.

    Raises:
        SettingsError: An unknown name, or a value that does not fit.

    Example:
        >>> make_config("photos", epochs=3).train.epochs
        3
    """
    values: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for key, value in settings.items():
        homes = _homes(key)
        if not homes:
            raise unknown_name("setting", key, sorted({field for name in SECTIONS for field in _fields(name)}))
        for section, field in homes:
            values[section][field] = value
    sections = {name: build(SECTIONS[name], given) for name, given in values.items()}
    return RunConfig(data=data, split_file=split_file, **sections)


def parse_assignments(assignments: list[str]) -> dict[str, str]:
    """Turn ``key=value`` texts into a dict.

    Raises:
        SettingsError: A text without "=".
    """
    pairs = [assignment.partition("=") for assignment in assignments]
    wrong = next((key for key, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise SettingsError(f"--set {wrong}: expected key=value", "for example --set epochs=5")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _fields(section: str) -> list[str]:
    return list(SECTIONS[section].model_fields)


def _homes(key: str) -> list[tuple[str, str]]:
    """Return the (section, field) pairs that a name stands for."""
    section, dot, field = key.partition(".")
    if dot:
        return [(section, field)] if section in SECTIONS and field in _fields(section) else []
    return [(name, key) for name in SECTIONS if key in _fields(name)]


def build(section: type[AnySection], values: dict[str, Any]) -> AnySection:
    """Make a section from untrusted values.

    Args:
        section: The settings class.
        values: Field name → value; missing ones take their default.

    Raises:
        SettingsError: An unknown name (the nearest known one is the hint), or a value that does not fit.
    """
    try:
        return section(**values)
    except ValidationError as error:
        raise _in_plain_words(section, error) from None


def _in_plain_words(section: type[Section], error: ValidationError) -> SettingsError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][:1])
    if first["type"] == "extra_forbidden":
        return unknown_name("setting", name, list(section.model_fields))
    reason = first["msg"].removeprefix("Value error, ")
    if not name:
        return SettingsError(reason)
    field = section.model_fields.get(name)
    return SettingsError(f"{name} = {first['input']!r}: {reason}", f"{name}: {field.description}" if field else "")
