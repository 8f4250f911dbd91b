"""Settings of models: what is trained, on which changes of the photos, how, and how it is asked."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mekiki.config.section import Fraction, Megapixels, Section

HeadName = Literal["gap", "flatten", "flatten-dropout", "flatten-dense"]
FitName = Literal["letterbox", "squash", "crop"]
ViewsName = Literal["plain", "mirror", "sizes"]
Precision = Literal["auto", "float32", "bfloat16"]


_FirstSize = Annotated[int, Field(ge=16, le=1024)]


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
    freeze: int | Literal["auto", "all", "none"] = Field(
        "auto",
        description="stages of the backbone kept as they are, from the input: a number, all, none, or auto (half of "
        "them where weights and normalisation are those of the pretrained network, else none)",
    )
    image_size: int = Field(224, ge=16, le=1024, description="the network's input, pixels on each side")
    fit: FitName = Field(
        "letterbox", description="how a photo becomes square: letterbox (all of it, padded), squash, or crop (centre)"
    )
    views: Literal["auto"] | ViewsName = Field(
        "auto",
        description="in which forms a picture is judged, logits averaged: plain (as is), mirror (mirrored, too; twice "
        "the work), sizes (both a quarter larger, too; five times), or auto (mirror if training mirrors photos)",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.freeze, int) and self.freeze < 0:
            raise ValueError(f"freeze {self.freeze}: the number of frozen stages is 0 or more")
        if self.weights == "none" and self.freeze == "all":
            raise ValueError("freeze all with weights none would leave a backbone of random numbers that never learns")
        return self


class TrainSettings(Section):
    """How it is trained."""

    epochs: int = Field(
        10, ge=0, le=10_000, description="passes over the training photos after the probe; 0: the probe alone"
    )
    steps_per_epoch: int | None = Field(
        None, ge=1, description="batches that make an epoch; not given: one pass over the photos"
    )
    first_size: _FirstSize | Literal["auto"] = Field(
        "auto",
        description="size of the photos in the first half of the epochs, pixels; in the last quarter it is last_size; "
        "auto: four sevenths of image_size, or all of it below 160 and for networks of one size",
    )
    last_size: _FirstSize | Literal["auto"] = Field(
        "auto",
        description="size of the photos in the last epochs, pixels; auto: six sevenths of image_size where the head is "
        "fitted anew for that size after them, all of it below 160, with random weights, and for networks of one size",
    )
    refit: Literal["off", "views", "sizes"] = Field(
        "sizes",
        description="after the last epoch fit the head anew, as a linear discriminant of the trained features, and "
        "keep it if validation photos say so: from the photos in the views of the model, in those of sizes (all, or "
        "the larger ones alone: validation says which), or off",
    )
    batch_size: int = Field(32, ge=2, le=4096, description="photos per batch, over all processes together")
    accumulate: int = Field(
        1, ge=1, le=1024, description="batches to a step, which learns as from one batch of all their photos"
    )
    probe: bool = Field(True, description="start the head from a linear discriminant of the frozen backbone's features")
    optimizer: Literal["adamw", "sgd"] = Field("adamw", description="adamw, or sgd")
    learning_rate: float = Field(1e-3, gt=0, description="highest learning rate")
    momentum: float = Field(0.9, ge=0, lt=1, description="of sgd")
    nesterov: bool = Field(True, description="momentum as Nesterov has it; off: the older kind")
    weight_decay: float = Field(0.05, ge=0, description="decoupled for adamw; not applied to biases and norms")
    layer_decay: float = Field(
        0.75,
        gt=0,
        le=1,
        description="each stage of the backbone learns at this times the rate of the next; 1: all alike",
    )
    schedule: Literal["cosine", "constant", "inverse"] = Field(
        "cosine",
        description="course of the learning rate after the warm-up: half a cosine to 0, constant, "
        "or divided by 1 + rate_decay · step",
    )
    rate_decay: float = Field(0.0, ge=0, le=1, description="of the inverse schedule (Keras: decay)")
    warmup: Fraction = Field(0.1, description="share of all steps in which the rate rises from 0")
    label_smoothing: float = Field(0.1, ge=0, lt=1, description="share of each label spread over all classes")
    average: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="judge and keep a running average of the weights, of which each step keeps this share; 0: none",
    )
    class_weights: bool = Field(False, description="weigh classes by the inverse of their number of photos")
    batch_norm: Literal["frozen", "trained"] = Field(
        "frozen", description="keep the backbone's batch statistics, or train them; trained when weights are none"
    )
    patience: int = Field(20, ge=1, description="epochs without a better validation before it stops early")
    precision: Precision = Field(
        "auto",
        description="auto: bfloat16 on GPUs with instructions for it, and for steps on processors where it is faster",
    )
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps")
    compile: Literal["auto", "on", "off"] = Field(
        "off",
        description="compile the network with torch.compile, which takes a minute at first: on, off, or auto (on a "
        "CUDA GPU that Triton knows)",
    )
    engine: Literal["local", "ray"] = Field(
        "local", description="where it trains: local (here, or where torchrun started it), or ray (on a Ray cluster)"
    )
    replicas: int = Field(1, ge=1, le=1024, description="processes of the Ray cluster that share each batch")
    workers: int = Field(2, ge=0, le=64, description="threads that prepare pictures beside training; 0: none")
    tensorboard: bool = Field(False, description="write event files for TensorBoard into the run, too")
    keep_every: int = Field(
        0, ge=0, description="keep the model of every so many epochs beside the best, in snapshots/; 0: none"
    )
    checkpoint_minutes: float = Field(
        5.0, ge=0, description="time between two checkpoints within an epoch, minutes; each epoch ends with one too"
    )
    augment_on: Literal["auto", "cpu", "device"] = Field(
        "auto",
        description="where photos are changed: cpu (one by one, by threads), device (batch by batch, by torch), or "
        "auto (device if that is a CUDA GPU and all changes can be made there)",
    )
    cache_gigabytes: float = Field(
        5.0,
        ge=0,
        description="disk space for decoded photos in the user's cache folder, all trainings together, gigabytes; "
        "0: every epoch decodes anew",
    )
    seed: int = Field(0, ge=0, description="seed of everything random in training")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.engine == "local" and self.replicas > 1:
            raise ValueError(
                f"replicas {self.replicas} go with engine ray; processes of this machine are started by "
                f"torchrun --nproc-per-node {self.replicas} -m mekiki train"
            )
        return self


class EvaluateSettings(Section):
    """How predictions are made and scored."""

    batch_size: int = Field(32, ge=1, le=4096, description="pictures per batch")
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1 or mps")
    precision: Precision = Field("auto", description="auto: bfloat16 on GPUs with instructions for it, else float32")
    workers: int = Field(2, ge=0, le=64, description="threads that prepare pictures; 0: none")
    views: Literal["auto", "plain"] = Field(
        "auto",
        description="auto: each picture in the views that the model was made with; plain: as it is alone, faster",
    )
    max_megapixels: Megapixels = Field(
        100.0, description="a picture with more pixels is refused as unreadable, in millions"
    )


class DemoSettings(Section):
    """How large the demonstration is."""

    per_class: int = Field(150, ge=20, le=10_000, description="drawings per guitar model")
    epochs: int = Field(12, ge=1, le=1000, description="passes over the drawings")
    seed: int = Field(0, ge=0, description="seed of the drawings and of the training")
