"""Settings of normalisation: how a picture in 0..1 becomes the network's input, each way by its known name.

Which names go together is decided here, once; the model card asks the same function.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mekiki.config.section import Section

NormaliseName = Literal[
    "weights",
    "imagenet",
    "none",
    "samplewise_center",
    "samplewise_std_normalization",
    "featurewise_center",
    "featurewise_std_normalization",
    "zca_whitening",
]
Names = tuple[NormaliseName, ...]

NORMALISATIONS: Names = get_args(NormaliseName)
ALONE = {
    "weights": "weights is a whole mean and std already, the one that the network was trained with",
    "imagenet": "imagenet is a whole mean and std already",
    "none": "none leaves pictures in 0..1 as they are",
}
CENTRE_OF: dict[NormaliseName, NormaliseName] = {
    "samplewise_std_normalization": "samplewise_center",
    "featurewise_std_normalization": "featurewise_center",
    "zca_whitening": "featurewise_center",
}


def complete(names: Sequence[NormaliseName]) -> Names:
    """Check that some normalisations go together; add the centre that one of them rests on, as Keras does.

    Args:
        names: In any order.

    Returns:
        Each once, in the order in which they are applied.

    Raises:
        ValueError: They contradict one another; it says why.

    Example:
        >>> complete(["zca_whitening"])
        ('featurewise_center', 'zca_whitening')
    """
    if not names:
        raise ValueError("expected at least one name; none leaves pictures in 0..1 as they are")
    given = {*names, *(CENTRE_OF[name] for name in names if name in CENTRE_OF)}
    alone = next((name for name in names if name in ALONE), None)
    if alone is not None and len(given) > 1:
        raise ValueError(f"{ALONE[alone]}; it does not go with {next(name for name in names if name != alone)}")
    samplewise = next((name for name in names if name.startswith("samplewise")), None)
    featurewise = next((name for name in names if not name.startswith("samplewise")), None)
    if samplewise is not None and featurewise is not None:
        raise ValueError(
            f"{samplewise} takes away each picture's own mean, and {featurewise} that of the training photos as they "
            "were before: together the brightness would be taken away twice; choose one of the two"
        )
    if {"zca_whitening", "featurewise_std_normalization"} <= given:
        raise ValueError(
            "zca_whitening gives every direction the same spread itself, so featurewise_std_normalization would undo "
            "it; leave one out"
        )
    return tuple(name for name in NORMALISATIONS if name in given)


def _from_text(given: Any) -> Any:
    """Split ``a,b`` at its commas, and name the nearest known word for one that is not known."""
    words = given.split(",") if isinstance(given, str) else given
    if not isinstance(words, list | tuple):
        raise ValueError("expected a name, or some with commas between them")
    words = [word.strip() if isinstance(word, str) else word for word in words]
    for word in words:
        if word not in NORMALISATIONS:
            near = difflib.get_close_matches(str(word), NORMALISATIONS, n=1, cutoff=0.5)
            raise ValueError(f"there is no normalisation {word!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return tuple(words)


class NormaliseSettings(Section):
    """How a picture in 0..1 becomes the network's input.

    The Keras names mean what they mean in its ImageDataGenerator with ``rescale=1/255``. As there, the two
    ``std_normalization`` and ``zca_whitening`` include the centre that they rest on.
    """

    normalise: Annotated[Names, BeforeValidator(_from_text), AfterValidator(complete)] = Field(
        ("weights",),
        description="weights (the mean and std that they were trained with), imagenet, none (0..1), or Keras' "
        "samplewise_center, samplewise_std_normalization, featurewise_center, featurewise_std_normalization, "
        "zca_whitening; those that go together with a comma",
    )
    zca_epsilon: float = Field(
        1e-6, ge=0, le=1e6, description="of zca_whitening: added to each singular value before dividing by it"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.zca_epsilon != 1e-6 and "zca_whitening" not in self.normalise:
            raise ValueError(
                f"zca_epsilon {self.zca_epsilon:g} is for zca_whitening, and normalise is {','.join(self.normalise)}"
            )
        return self

    @property
    def is_fitted(self) -> bool:
        """Whether the training photos have to be measured."""
        return "featurewise_center" in self.normalise
