"""A run's network as one graph: prepared squares in; probabilities, score of the known, logits and features out.

It is the very network that answers in torch, with its normalisation, its views, its temperature and its rule for the
unknown, traced once with a free number of pictures. The card is in the graph's own metadata, so one file is enough.
"""

from __future__ import annotations

import copy
from typing import Any

import onnx_ir as ir
import torch
from onnx_ir.passes.common import ClearMetadataAndDocStringPass, RemoveUnusedNodesPass
from torch import Tensor, nn

from mekiki.evaluation.classifier import Classifier
from mekiki.evaluation.graphs import METADATA, PREPARED
from mekiki.model.views import answer_of
from mekiki.portable.knowing import KnownScore
from mekiki.portable.quiet import quietly

TRACED = 2
"""Pictures that the graph is traced with; one alone would be taken for a constant."""


class Whole(nn.Module):
    """Everything from a prepared square to the answer.

    Args:
        classifier: On the processor; its network is copied.
    """

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.network = copy.deepcopy(classifier.network).cpu().float()
        self.normaliser = copy.deepcopy(classifier.normaliser).cpu()
        self.views, self.temperature = classifier.views, classifier.temperature
        rule = classifier.card.unknown
        self.known = None if rule is None else KnownScore(rule, classifier.reference)

    def forward(self, prepared: Tensor) -> dict[str, Tensor]:
        """Return the outputs by name, for (n, size, size, 3) uint8."""
        raw, features = answer_of(self.network, self.normaliser(prepared), self.views)
        logits = raw / self.temperature
        found = {"probabilities": logits.softmax(dim=1)}
        if self.known is not None:
            found["known_score"] = self.known(logits, features)
        return {**found, "logits": logits, "features": features}


def network_graph(classifier: Classifier) -> ir.Model:
    """Return the graph of a model's network.

    Args:
        classifier: Any run's.

    Returns:
        Input ``PREPARED``, (n, size, size, 3) uint8; outputs as ``evaluation/graphs.py`` names them.
    """
    size = classifier.card.preprocessing.image_size
    whole = Whole(classifier).eval().requires_grad_(False)
    picture = torch.zeros((TRACED, size, size, 3), dtype=torch.uint8)
    with torch.inference_mode(False), torch.no_grad():
        names = list(whole(picture))
        with quietly():
            program: Any = torch.onnx.export(
                whole,
                (picture,),
                dynamo=True,
                input_names=[PREPARED],
                output_names=names,
                dynamic_shapes={"prepared": {0: torch.export.Dim("pictures")}},
                verbose=False,
            )
    model: ir.Model = program.model
    ClearMetadataAndDocStringPass()(model)  # it tells where on the disk the code lay
    RemoveUnusedNodesPass()(model)
    model.producer_name = "mekiki"
    model.metadata_props[METADATA] = classifier.card.model_copy(update={"views": classifier.views}).model_dump_json()
    return model
