"""MobileNet V1's weights from timm's names and axes to Keras', for ``training_keras.py``; and the proof that they fit.

    PYTHON benchmarks/training_weights.py WEIGHTS PHOTO        # how far both networks' last maps are apart

Both networks are the same: TensorFlow's padding, ReLU6, no bias. Only Keras' epsilon differs, and is set to timm's.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file

if TYPE_CHECKING:
    import keras

EPSILON_OF_TIMM = 1e-5
STATISTICS = ("weight", "bias", "running_mean", "running_var")
BLOCKS_OF_STAGES = (1, 2, 2, 6, 2)


def names_in_timm() -> dict[str, tuple[str, str]]:
    """Return Keras' layer → timm's convolution and batch norm; a block is a depthwise and a pointwise convolution."""
    names = {"conv1": ("conv_stem", "bn1")}
    places = [f"blocks.{stage}.{block}" for stage, blocks in enumerate(BLOCKS_OF_STAGES) for block in range(blocks)]
    for number, place in enumerate(places, start=1):
        names[f"conv_dw_{number}"] = (f"{place}.conv_dw", f"{place}.bn1")
        names[f"conv_pw_{number}"] = (f"{place}.conv_pw", f"{place}.bn2")
    return names


def fill_mobilenet(model: "keras.Model", weights: str) -> None:
    """Put the tensors of a timm folder into ``keras.applications.MobileNet``, in place."""
    found = load_file(Path(weights, "model.safetensors"))
    tensors = {name: tensor.astype(np.float32) for name, tensor in found.items()}
    for layer, (convolution, norm) in names_in_timm().items():
        axes = (2, 3, 0, 1) if layer.startswith("conv_dw") else (2, 3, 1, 0)
        model.get_layer(layer).set_weights([tensors[f"{convolution}.weight"].transpose(axes)])
        batch_norm = model.get_layer(f"{layer}_bn")
        batch_norm.set_weights([tensors[f"{norm}.{name}"] for name in STATISTICS])
        batch_norm.epsilon = EPSILON_OF_TIMM


def normalised(picture: np.ndarray) -> np.ndarray:
    """Return pixels of 0 to 255 as these weights want them."""
    return picture / 128 - 1


def main() -> None:
    import timm  # before TensorFlow: both bring an LLVM, and only this order works
    import torch

    import keras  # isort: skip

    weights, photo = sys.argv[1:]
    picture = keras.utils.img_to_array(keras.utils.load_img(photo, target_size=(224, 224)))
    pixels = normalised(picture)[None]
    model = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(224, 224, 3))
    fill_mobilenet(model, weights)
    network = timm.create_model(f"local-dir:{weights}", pretrained=True).eval()
    with torch.inference_mode():
        theirs = network.forward_features(torch.from_numpy(pixels).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    largest = float(np.abs(model.predict(pixels, verbose=0) - theirs).max())
    print(json.dumps({"largest difference": largest, "largest value": float(np.abs(theirs).max())}))


if __name__ == "__main__":
    main()
