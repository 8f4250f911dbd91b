"""Prediction with timm's parts, with fastai and with transformers; a process of ``predict.py``.

PYTHON benchmarks/predict_peers.py JOB, see ``predict_job.py``. Step ``save`` makes the model, with the weights of the
timm folder in the backbone and a random head, and writes it as the tool does; step ``predict`` is what a user's script
does: load it, ask about each photo, write the best class of each.

timm           a ``Dataset`` of files with ``create_transform`` of the model's own configuration, torch's
               ``DataLoader``, ``eval()`` and ``inference_mode()``; ``timm:channels-last`` keeps pictures and weights
               in that order
fastai         ``load_learner``, ``learn.dls.test_dl(files)``, ``learn.get_preds``; ``Resize(224)``, its own head
transformers   ``pipeline("image-classification")`` over the list of paths, ``MobileNetV1ForImageClassification`` with
               its own processor; it prepares photos in the main process, ``transformers:workers`` in others
"""

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from predict_job import Job, job_of_this_process, write_answers
from training_weights import EPSILON_OF_TIMM, STATISTICS, names_in_timm

SIZE = 224
PACKAGES = {"timm": "timm", "fastai": "fastai", "transformers": "transformers"}


def save_timm(job: Job) -> None:
    import timm
    from safetensors.torch import save_file

    network = timm.create_model(f"local-dir:{job.weights}", pretrained=True, num_classes=job.classes)
    save_file(network.state_dict(), Path(job.model, "model.safetensors"))
    facts = json.loads(Path(job.weights, "config.json").read_text())
    Path(job.model, "config.json").write_text(json.dumps({**facts, "num_classes": job.classes}))


def predict_timm(job: Job) -> None:
    import timm
    import torch
    from PIL import Image
    from timm.data import create_transform, resolve_model_data_config

    order = torch.channels_last if job.way == "channels-last" else torch.contiguous_format
    network = timm.create_model(f"local-dir:{job.model}", pretrained=True, num_classes=job.classes).eval()
    network.to(memory_format=order)
    prepare = create_transform(**resolve_model_data_config(network), is_training=False)
    files = job.files()

    class Photos(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(files)

        def __getitem__(self, number: int) -> torch.Tensor:
            return prepare(Image.open(files[number]).convert("RGB"))

    def answers() -> Iterator[tuple[int, float]]:
        loader = torch.utils.data.DataLoader(Photos(), batch_size=job.batch, num_workers=job.workers)
        with torch.inference_mode():
            for pictures in loader:
                scores, labels = network(pictures.contiguous(memory_format=order)).softmax(1).max(1)
                yield from zip(labels.tolist(), scores.tolist(), strict=True)

    write_answers(job.out, files, answers())


def save_fastai(job: Job) -> None:
    from fastai.vision.all import ImageDataLoaders, Normalize, Resize, vision_learner

    files = job.files()
    labels = [f"class {number % job.classes}" for number in range(2 * job.classes)]
    some = [files[number % len(files)] for number in range(len(labels))]
    photos = ImageDataLoaders.from_lists(
        job.folder,
        some,
        labels,
        valid_pct=0.5,
        seed=0,
        item_tfms=Resize(SIZE),
        batch_tfms=Normalize.from_stats([0.5] * 3, [0.5] * 3),
        bs=job.batch,
        device="cpu",
    )
    learn = vision_learner(photos, f"local-dir:{job.weights}", n_out=job.classes, normalize=False, path=job.model)
    learn.export("learner.pkl")


def predict_fastai(job: Job) -> None:
    from fastai.vision.all import load_learner

    learn = load_learner(Path(job.model, "learner.pkl"))
    files = job.files()
    photos = learn.dls.test_dl(files, bs=job.batch, num_workers=job.workers)
    with learn.no_bar():
        chances, _ = learn.get_preds(dl=photos)
    scores, labels = chances.max(1)
    write_answers(job.out, files, zip(labels.tolist(), scores.tolist(), strict=True))


def save_transformers(job: Job) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import MobileNetV1Config, MobileNetV1ForImageClassification, MobileNetV1ImageProcessor

    torch.manual_seed(0)
    model = MobileNetV1ForImageClassification(
        MobileNetV1Config(num_labels=job.classes, layer_norm_eps=EPSILON_OF_TIMM)
    ).eval()
    tensors = load_file(Path(job.weights, "model.safetensors"))
    body = model.mobilenet_v1
    with torch.no_grad():
        for layer, names in zip((body.conv_stem, *body.layer), names_in_timm().values(), strict=True):
            convolution, norm = names
            layer.convolution.weight.copy_(tensors[f"{convolution}.weight"])
            for name in STATISTICS:
                getattr(layer.normalization, name).copy_(tensors[f"{norm}.{name}"])
    model.save_pretrained(job.model)
    MobileNetV1ImageProcessor(image_mean=[0.5] * 3, image_std=[0.5] * 3).save_pretrained(job.model)


def predict_transformers(job: Job) -> None:
    from transformers import pipeline

    classify = pipeline("image-classification", model=job.model, device="cpu")
    files = job.files()
    workers = {"num_workers": job.workers} if job.way == "workers" else {}
    answers = classify(files, batch_size=job.batch, top_k=1, **workers)
    write_answers(job.out, files, ((best["label"], best["score"]) for best, *_ in answers))


STEPS: dict[tuple[str, str], Callable[[Job], None]] = {
    ("timm", "save"): save_timm,
    ("timm", "predict"): predict_timm,
    ("fastai", "save"): save_fastai,
    ("fastai", "predict"): predict_fastai,
    ("transformers", "save"): save_transformers,
    ("transformers", "predict"): predict_transformers,
}


def main() -> None:
    job = job_of_this_process()
    warnings.simplefilter("ignore")
    STEPS[job.name, job.step](job)
    if job.step == "save":
        import importlib.metadata

        versions = (f"{name} {importlib.metadata.version(name)}" for name in (PACKAGES[job.name], "torch"))
        print(", ".join(versions))


if __name__ == "__main__":
    main()
