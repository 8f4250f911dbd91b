"""Training with timm's parts, with fastai and with Hugging Face's Trainer; a process of ``training.py``.

PYTHON benchmarks/training_peers.py JOB, see ``training_job.py``. All train on the CPU with torch, from the same folder.

timm       ``train.py`` is not in the package, so this is its loop from its parts: ``create_dataset``, ``create_loader``
           (its own prefetching, ``train.py``'s defaults: crops of 0.08 to 1 of the picture, mirror images, colours),
           ``create_optimizer_v2`` (AdamW, weight decay 0.05), ``create_scheduler_v2`` (cosine, one epoch to warm up),
           label smoothing 0.1; ``timm:channels-last`` is ``train.py --channels-last``
fastai     ``vision_learner`` with its own head, ``Resize`` and ``aug_transforms()``; throughput: all layers,
           ``fit_one_cycle``; accuracy: ``fine_tune`` with its default rates, one epoch of the head, then all layers
trainer    Hugging Face's ``Trainer`` around ``TimmWrapperForImageClassification``; pictures as in its example
           ``run_image_classification.py`` (random resized crop, mirror images), read by torchvision; AdamW, cosine
"""

import importlib.metadata
import warnings
from collections.abc import Callable

import torch
from training_job import Job, job_of_this_process, mark_epoch, mark_step, mark_version

CPU = torch.device("cpu")


def name_for_timm(job: Job) -> str:
    return f"local-dir:{job.weights}" if job.weights else job.network


def with_timm(job: Job) -> None:
    import timm
    from timm.data import create_dataset, create_loader, resolve_data_config
    from timm.loss import LabelSmoothingCrossEntropy
    from timm.optim import create_optimizer_v2
    from timm.scheduler import create_scheduler_v2

    model = timm.create_model(name_for_timm(job), pretrained=bool(job.weights), num_classes=job.classes)
    if job.way == "channels-last":
        model.to(memory_format=torch.channels_last)
    config = resolve_data_config({"img_size": job.size}, model=model)
    optimizer = create_optimizer_v2(model, opt="adamw", lr=job.rate, weight_decay=0.05)
    shared = {"input_size": config["input_size"], "batch_size": job.batch, "device": CPU, "num_workers": job.workers}
    shared |= {name: config[name] for name in ("mean", "std", "interpolation")}
    train, val = (create_dataset("", root=f"{job.photos}/{part}") for part in ("train", "val"))
    loader_train = create_loader(train, is_training=True, **shared)
    loader_val = create_loader(val, is_training=False, crop_pct=config["crop_pct"], **shared)
    loss_fn = LabelSmoothingCrossEntropy(smoothing=0.1)
    scheduler, epochs = create_scheduler_v2(
        optimizer, "cosine", num_epochs=job.epochs, warmup_epochs=1, warmup_lr=1e-5, updates_per_epoch=len(loader_train)
    )
    updates = 0
    for epoch in range(epochs):
        model.train()
        for pictures, labels in loader_train:
            if job.way == "channels-last":
                pictures = pictures.contiguous(memory_format=torch.channels_last)
            loss = loss_fn(model(pictures), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            updates += 1
            scheduler.step_update(num_updates=updates)
            mark_step()
        model.eval()
        with torch.inference_mode():
            right = sum(int((model(pictures).argmax(1) == labels).sum()) for pictures, labels in loader_val)
        scheduler.step(epoch + 1)
        mark_epoch(right / len(val))


def with_fastai(job: Job) -> None:
    from fastai.vision.all import Callback, ImageDataLoaders, Resize, accuracy, aug_transforms, vision_learner

    class Marks(Callback):
        order = 60  # after the recorder

        def after_step(self) -> None:
            mark_step()

        def after_epoch(self) -> None:
            mark_epoch(float(self.learn.recorder.values[-1][-1]))

    photos = ImageDataLoaders.from_folder(
        job.photos,
        train="train",
        valid="val",
        bs=job.batch,
        item_tfms=Resize(job.size),
        batch_tfms=aug_transforms(),
        num_workers=job.workers,
        device=CPU,
    )
    learn = vision_learner(
        photos, name_for_timm(job), pretrained=bool(job.weights), metrics=accuracy, cbs=Marks(), path=job.place
    )
    with learn.no_bar(), learn.no_logging():
        if job.kind == "throughput":
            learn.unfreeze()
            learn.fit_one_cycle(job.epochs)
        else:
            learn.fine_tune(job.epochs)


def with_trainer(job: Job) -> None:
    import timm
    from torchvision import transforms
    from torchvision.datasets import ImageFolder
    from transformers import (
        TimmWrapperConfig,
        TimmWrapperForImageClassification,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    class Marks(TrainerCallback):
        def on_step_end(self, *_: object, **__: object) -> None:
            mark_step()

        def on_evaluate(self, *_: object, metrics: dict[str, float], **__: object) -> None:
            mark_epoch(metrics["eval_accuracy"])

    filled = timm.create_model(name_for_timm(job), pretrained=bool(job.weights), num_classes=job.classes)
    facts = filled.pretrained_cfg
    model = TimmWrapperForImageClassification(
        TimmWrapperConfig(architecture=name_for_timm(job), num_labels=job.classes)
    )
    model.timm_model.load_state_dict(filled.state_dict())
    to_tensor = [transforms.ToTensor(), transforms.Normalize(facts["mean"], facts["std"])]
    changes = {
        "train": [transforms.RandomResizedCrop(job.size), transforms.RandomHorizontalFlip(), *to_tensor],
        "val": [transforms.Resize(job.size), transforms.CenterCrop(job.size), *to_tensor],
    }
    photos = {part: ImageFolder(f"{job.photos}/{part}", transforms.Compose(some)) for part, some in changes.items()}
    settings = TrainingArguments(
        output_dir=f"{job.place}/trainer",
        use_cpu=True,
        per_device_train_batch_size=job.batch,
        per_device_eval_batch_size=job.batch,
        num_train_epochs=job.epochs,
        learning_rate=job.rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.1,
        dataloader_num_workers=job.workers,
        eval_strategy="epoch",
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
    )

    def collate(items: list) -> dict[str, torch.Tensor]:
        pictures, labels = zip(*items, strict=True)
        return {"pixel_values": torch.stack(pictures), "labels": torch.tensor(labels)}

    def score(seen: object) -> dict[str, float]:
        return {"accuracy": float((seen.predictions.argmax(1) == seen.label_ids).mean())}

    Trainer(
        model=model,
        args=settings,
        train_dataset=photos["train"],
        eval_dataset=photos["val"],
        data_collator=collate,
        compute_metrics=score,
        callbacks=[Marks()],
    ).train()


TOOLS: dict[str, tuple[str, Callable[[Job], None]]] = {
    "timm": ("timm", with_timm),
    "fastai": ("fastai", with_fastai),
    "trainer": ("transformers", with_trainer),
}


def main() -> None:
    job = job_of_this_process()
    package, train = TOOLS[job.tool.partition(":")[0]]
    mark_version(f"{importlib.metadata.version(package)}, torch {torch.__version__}")
    torch.set_num_threads(job.threads)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    train(job)


if __name__ == "__main__":
    main()
