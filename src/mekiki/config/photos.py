"""Settings of what is done with photos: scan, split, label errors, copies, downloads, zips."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from mekiki.config.models import FitName, Precision
from mekiki.config.section import Amount, Fraction, Megapixels, Section

LayoutName = Literal["auto", "classes", "parts", "flat", "csv"]
GROUP_COLUMN = "group"
_NOT_IN_NAMES = frozenset('/\\:*?"<>|')


class ScanSettings(Section):
    """How a folder of photos is read."""

    layout: LayoutName = Field(
        "auto",
        description="how labels are given: class folders, train/val/test folders, flat 1_0001.jpg names, or a CSV",
    )
    classes: tuple[str, ...] = Field(
        (), description="class names in the order of their numbers; empty: sorted names, or classes.txt"
    )
    near_similarity: float = Field(
        0.925,
        ge=0.8,
        le=1.0,
        description="photos are near copies from this likeness on: 1 less what differs once they are aligned",
    )
    near_exact: int = Field(
        50_000,
        ge=0,
        description="up to this many photos all are compared; beyond, neighbours come from an index (extra: audit)",
    )
    max_megapixels: Megapixels = Field(
        100.0,
        description="a picture with more pixels is refused as unreadable, in millions (the decoders' own limit is 178)",
    )
    group_column: str = Field(
        GROUP_COLUMN,
        min_length=1,
        description="column of a CSV whose equal values stay on one side of a split (listing, product); several: A,B",
    )
    bursts: bool = Field(
        True, description="keep the photos of one burst and the frames of one video on one side of a split"
    )

    decisions: str | None = Field(
        None, description="a file of decisions (not given: decisions.csv beside the photos, if there is one)"
    )
    remember: bool = Field(
        True,
        description="keep what was seen of each photo in the user's cache folder, and do not read it again unchanged",
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
    leak_safe: bool = Field(
        True,
        description="keep copies and groups on one side; off: a plain random split, to see what leaks bring",
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


class LabelSettings(Section):
    """How label errors are looked for: features of a frozen pretrained backbone, judged by cross-validation."""

    backbone: str = Field("mobilenetv1_100", description="any timm name with pretrained weights")
    weights: str = Field(
        "auto", description="auto (the folder named by MEKIKI_WEIGHTS, then timm's cache and hub), or a path"
    )
    image_size: int = Field(
        224, ge=16, le=1024, description="the network's input, pixels on each side; more sees finer and takes longer"
    )
    folds: int = Field(5, ge=2, le=50, description="parts of the photos; each is judged by what the others teach")
    most: Fraction = Field(0.2, description="at most this share of the photos is listed, the most doubtful first")
    batch_size: int = Field(32, ge=1, le=4096, description="photos per batch")
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps")
    precision: Precision = Field("auto", description="auto: bfloat16 on GPUs with instructions for it, else float32")
    workers: int = Field(2, ge=0, le=64, description="threads that prepare pictures; 0: none")
    seed: int = Field(0, ge=0, description="seed of the folds")

    @field_validator("weights")
    @classmethod
    def _no_random_features(cls, given: str) -> str:
        if given == "none":
            raise ValueError("features of random weights cannot tell a wrong label; expected auto or a path")
        return given


class CopySettings(Section):
    """How augmented copies of photos are written to files."""

    copies: int = Field(5, ge=1, le=1000, description="augmented copies of each photo")
    originals: bool = Field(True, description="write the photos themselves too, their bytes unchanged")
    longest_side: int = Field(
        1024, ge=16, le=8192, description="a larger photo is reduced for its copies, pixels on its longer side"
    )
    format: Literal["jpeg", "png"] = Field("jpeg", description="of the copies: jpeg (quality 95) or png (exact)")
    prefix: str = Field(
        "",
        description="copies are named PREFIX-<photo>-<number>, as by Keras' save_prefix (not given: "
        "<photo>-copy-<number>)",
    )
    seed: int = Field(0, ge=0, description="seed of the changes")

    @field_validator("prefix")
    @classmethod
    def _fits_a_file_name(cls, given: str) -> str:
        if given and (
            set(given) & _NOT_IN_NAMES or not given.isprintable() or given[0] in ". -" or len(given.encode()) > 64
        ):
            raise ValueError(
                'expected the beginning of a file name: at most 64 bytes, without any of / \\ : * ? " < > |'
            )
        return given


class PreviewSettings(Section):
    """What ``mekiki augment --preview`` shows."""

    rows: tuple[str, ...] = Field(
        (),
        description="which rows: names of transforms and presets, fit, transforms, presets; not given: all, and with "
        "--normalise nothing else",
    )
    side: int = Field(160, ge=32, le=512, description="of each picture on the sheet, pixels")
    fit: FitName = Field("letterbox", description="how a photo fits the square: all of it, out of shape, or its centre")
    seed: int = Field(0, ge=0, description="seed of the changes")

    @field_validator("rows", mode="before")
    @classmethod
    def _split_at_commas(cls, given: Any) -> Any:
        return [name.strip() for name in given.split(",")] if isinstance(given, str) else given


class CollectSettings(Section):
    """How photos are downloaded: several at once, polite to each host."""

    connections: int = Field(8, ge=1, le=64, description="downloads at once, over all hosts")
    per_host: int = Field(2, ge=1, le=8, description="connections at once to one host")
    delay: float = Field(
        1.0, ge=0, le=600, description="pause between the beginnings of two requests to one host, seconds"
    )
    retries: int = Field(
        3, ge=0, le=10, description="further tries after a time-out, a broken connection or a busy server"
    )
    backoff: float = Field(
        1.0, ge=0, le=60, description="pause before the second try, seconds; doubled each time, and varied by half"
    )
    longest_wait: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="the longest pause that a server may ask for (Retry-After, Crawl-delay), seconds",
    )
    connect_seconds: float = Field(10.0, gt=0, le=300, description="time limit to find and reach a host, seconds")
    read_seconds: float = Field(20.0, gt=0, le=300, description="a server may be silent for this long, seconds")
    file_seconds: float = Field(120.0, gt=0, le=3600, description="time limit for one request, seconds")
    max_megabytes: float = Field(30.0, gt=0, le=512, description="a larger file is refused, in millions of bytes")
    max_megapixels: Megapixels = Field(
        100.0,
        description="a picture with more pixels is refused, in millions (the decoders' own limit is 178)",
    )
    redirects: int = Field(5, ge=0, le=20, description="redirects that are followed for one photo")
    robots: bool = Field(True, description="obey robots.txt; switch it off only for a host that gave you leave")
    allow_private: bool = Field(
        False, description="also ask private, loopback and link-local addresses: your own network"
    )
    contact: str = Field(
        "", max_length=200, description="a mail or web address for the User-Agent, so that a host can reach you"
    )
    seed: int = Field(0, ge=0, description="seed of the variation of pauses")

    @field_validator("contact")
    @classmethod
    def _fits_a_header(cls, given: str) -> str:
        if not given.isascii() or not given.isprintable() or set(given) & set("()\\"):
            raise ValueError("a mail or web address is plain ASCII without brackets")
        return given.strip()


class UnpackSettings(Section):
    """How a zip of photos is unpacked, and what is too much."""

    most_files: int = Field(
        200_000, ge=1, le=10_000_000, description="a zip with more files is refused; litter of systems is not counted"
    )
    most_gigabytes: float = Field(
        20.0, gt=0, le=100_000, description="a zip whose photos are more than this is refused, in billions of bytes"
    )
    largest_mebibytes: int = Field(
        512, ge=1, le=512, description="a zip with a larger photo is refused, MiB; larger ones are never opened"
    )
    names: Literal["auto", "utf-8", "cp932", "cp437"] = Field(
        "auto",
        description="how names without a mark of UTF-8 are written; auto: UTF-8 if all of them can be, else cp932 "
        "(Japanese Windows), else cp437",
    )
