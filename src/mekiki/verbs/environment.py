"""What a run ran on: versions and machine, so that a figure can be made again."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

PACKAGES = ("mekiki", "torch", "torchvision", "timm", "numpy", "pillow", "opencv-python-headless", "scikit-learn")


def describe_environment() -> dict[str, str]:
    """Return name → text: versions of the packages that matter, system, processor, threads and accelerators."""
    facts = {name: _version_of(name) for name in PACKAGES}
    facts["python"] = platform.python_version()
    facts["system"] = platform.platform()
    facts["processor"] = _processor()
    facts["cores"] = str(os.cpu_count())
    facts["threads"] = str(torch.get_num_threads())
    for index in range(torch.cuda.device_count()):
        facts[f"cuda:{index}"] = torch.cuda.get_device_name(index)
    return facts


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "under another name"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
