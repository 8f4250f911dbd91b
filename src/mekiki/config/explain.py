"""Settings of heat maps: which method, of which layer, and what is asked of the classifier."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from mekiki.config.section import Section

MethodName = Literal["grad-cam", "grad-cam++", "layercam", "hirescam", "occlusion"]


class ExplainSettings(Section):
    """How a decision is explained."""

    method: MethodName = Field(
        "grad-cam",
        description="grad-cam, grad-cam++, layercam, hirescam, or occlusion (covers one part after the other; "
        "about 80 times the work)",
    )
    layer: str | None = Field(
        None,
        description="layer of the backbone whose map is used, such as blocks.3; an earlier one is finer and knows less "
        "of classes, and goes with layercam (default: the last map)",
    )
    of_class: str | None = Field(None, description="explain this class, not the predicted one")
    instead_of: str | None = Field(None, description="explain what speaks for the class and against this other one")
    faithful: bool = Field(
        False, description="measure how far each map can be believed, on altered copies; about 100 times the work"
    )
    masks: str | None = Field(
        None,
        description="folder of masks, white where the thing itself is: <class>/<name>.png or <name>.png by picture",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.layer is not None and self.method == "occlusion":
            raise ValueError(f"layer {self.layer}: occlusion covers the picture itself and looks at no layer")
        if self.of_class is not None and self.of_class == self.instead_of:
            raise ValueError(f"{self.of_class!r} cannot be explained instead of itself: name two classes")
        return self
