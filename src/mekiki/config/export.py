"""Settings of export: which format, and what is asked of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mekiki.config.section import Section


class ExportSettings(Section):
    """What is exported."""

    to: Literal["onnx", "openvino", "timm", "safetensors"] = Field(
        "onnx",
        description="onnx and openvino hold all from raw pixels to probabilities; timm and safetensors hold the "
        "weights, with the rest beside them in model.json",
    )
    int8: bool = Field(
        False,
        description="convolutions in 8-bit integers, calibrated on training photos; kept only if it is faster here and "
        "shown to be as good within the margin",
    )
    views: Literal["auto", "plain"] = Field(
        "auto", description="auto: the model's own views of each picture; plain: one look, the answer is another"
    )
    margin: float = Field(
        0.02, gt=0, lt=1, description="with int8: the largest loss of accuracy that does not matter, as a share"
    )
