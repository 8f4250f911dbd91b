"""Network in Network (Lin, Chen, Yan 2013) for timm's registry: ``nin``, the paper's ImageNet shape, and ``nin_small``.

A block is a convolution followed by 1x1 convolutions (an "mlpconv"), with max pooling between blocks and global
average pooling at the end. Three things differ from 2013. Each convolution is followed by batch norm: without it the
network trains from scratch only with carefully scaled first weights and much data. The strided first convolution is
padded, so that the map lies over the whole picture. And the paper's last 1x1 convolution, which makes one map per class
before the pooling, is the head here: pooling and then a linear layer gives the same numbers, both being linear, and
leaves a map of fixed width in front. There are no pretrained weights.
"""

from __future__ import annotations

from typing import Any

import torch
from timm.layers import ConvNormAct, create_classifier  # type: ignore[attr-defined]
from timm.models import build_model_with_cfg, register_model
from torch import Tensor, nn

__all__ = ["NetworkInNetwork", "nin", "nin_small"]

default_cfgs = {
    name: {
        "url": "",
        "input_size": (3, size, size),
        "classifier": "classifier",
        "first_conv": "blocks.0.0.conv",
        "paper_ids": "arXiv:1312.4400",
    }
    for name, size in (("nin", 224), ("nin_small", 128))
}

Block = tuple[int, int, int, int]
"""Width, kernel, stride and number of 1x1 convolutions of one mlpconv block."""


class NetworkInNetwork(nn.Module):
    """Blocks of one convolution and 1x1 convolutions, each followed by batch norm and ReLU.

    Args:
        blocks: From the input to the output.
        num_classes: Width of the classifier; 0 leaves it out.
        in_chans: Channels of the picture.
        global_pool: timm's name of the last pooling.
        drop_rate: Dropout before the classifier, 0..1; the paper's, between blocks, is left out beside batch norm.

    Source: Lin, Chen, Yan, "Network In Network", ICLR 2014, section 3; widths and kernels of its ImageNet model.
    """

    def __init__(
        self,
        blocks: tuple[Block, ...],
        num_classes: int = 1000,
        in_chans: int = 3,
        global_pool: str = "avg",
        drop_rate: float = 0.0,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.in_chans = in_chans
        self.num_features = self.head_hidden_size = blocks[-1][0]
        self.feature_info: list[dict[str, Any]] = []
        self.blocks = nn.Sequential()
        width, reduction = in_chans, 1
        for number, block in enumerate(blocks):
            self.blocks.append(_mlpconv(width, block, pooled=number > 0))
            width, reduction = block[0], reduction * block[2] * (2 if number else 1)
            self.feature_info.append({"num_chs": width, "reduction": reduction, "module": f"blocks.{number}"})
        self.head_drop = nn.Dropout(drop_rate)
        self.classifier: nn.Module
        self.global_pool, self.classifier = create_classifier(width, num_classes, pool_type=global_pool)
        self.apply(_start)

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        """Return timm's grouping of parameters: by block, or finer by convolution."""
        return {"blocks": r"^blocks\.(\d+)" if coarse else r"^blocks\.(\d+)\.(\d+)"}

    def get_classifier(self) -> nn.Module:
        """Return the last layer."""
        return self.classifier

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Replace the last layer; 0 classes leave it out."""
        self.num_classes = num_classes
        pool_type = self.global_pool.pool_type if global_pool is None else global_pool
        self.global_pool, self.classifier = create_classifier(self.num_features, num_classes, pool_type=pool_type)

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the feature map, (n, num_features, h, w), of pictures (n, 3, height, width)."""
        features: Tensor = self.blocks(x)
        return features

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Return logits of a feature map, or with ``pre_logits`` its pooled features."""
        pooled: Tensor = self.head_drop(self.global_pool(x))
        return pooled if pre_logits else self.classifier(pooled)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits, (n, num_classes)."""
        return self.forward_head(self.forward_features(x))


def _mlpconv(width: int, block: Block, pooled: bool) -> nn.Sequential:
    out, kernel, stride, ones = block
    layers: list[nn.Module] = [nn.MaxPool2d(3, 2, ceil_mode=True)] if pooled else []
    layers.append(ConvNormAct(width, out, kernel, stride, padding=kernel // 2))
    layers += [ConvNormAct(out, out, 1) for _ in range(ones)]
    return nn.Sequential(*layers)


@torch.no_grad()
def _start(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def _create(variant: str, blocks: tuple[Block, ...], pretrained: bool, **arguments: Any) -> nn.Module:
    return build_model_with_cfg(NetworkInNetwork, variant, pretrained, blocks=blocks, **arguments)


@register_model
def nin(pretrained: bool = False, **arguments: Any) -> nn.Module:
    """Build the paper's ImageNet shape: 4 blocks, 6.6 million parameters, for pictures of about 224 pixels."""
    blocks = ((96, 11, 4, 2), (256, 5, 1, 2), (384, 3, 1, 2), (1024, 3, 1, 1))
    return _create("nin", blocks, pretrained, **arguments)


@register_model
def nin_small(pretrained: bool = False, **arguments: Any) -> nn.Module:
    """Build a shallow one: 3 blocks as in the paper's CIFAR net, 0.7 million parameters, for 96 to 160 pixels."""
    blocks = ((64, 7, 4, 2), (128, 5, 1, 2), (256, 3, 1, 2))
    return _create("nin_small", blocks, pretrained, **arguments)
