"""Another library's Grad-CAM, in a process of its own: seconds for one batch, when asked. Called by ``explain.py``.

PYTHON benchmarks/explain_peers.py pytorch-grad-cam BACKBONE BATCH SIZE
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version

import timm
import torch


def last_map(network: torch.nn.Module) -> torch.nn.Module:
    return network.layer4[-1] if hasattr(network, "layer4") else network.blocks[-1]


def pytorch_grad_cam(network: torch.nn.Module, x: torch.Tensor, classes: list[int]) -> Callable[[], object]:
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    cam = GradCAM(model=network, target_layers=[last_map(network)])
    targets = [ClassifierOutputTarget(number) for number in classes]
    return lambda: cam(input_tensor=x, targets=targets)


def captum(network: torch.nn.Module, x: torch.Tensor, classes: list[int]) -> Callable[[], object]:
    from captum.attr import LayerAttribution, LayerGradCam

    cam = LayerGradCam(network, last_map(network))
    shape = tuple(x.shape[-2:])

    def work() -> object:
        maps = cam.attribute(x, target=classes, relu_attributions=True)
        return LayerAttribution.interpolate(maps, shape, "bilinear").detach().numpy()

    return work


def main() -> None:
    name, backbone, batch, size = sys.argv[1:]
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    network = timm.create_model(backbone, num_classes=11).eval()
    x = torch.randn(int(batch), 3, int(size), int(size))
    classes = [number % 11 for number in range(len(x))]
    make = {"pytorch-grad-cam": pytorch_grad_cam, "captum": captum}[name]
    work = make(network, x, classes)
    package = {"pytorch-grad-cam": "grad-cam"}.get(name, name)
    print(json.dumps(version(package)), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        work()
        print(json.dumps(time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
