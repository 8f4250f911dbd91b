"""Training with Keras 3 on TensorFlow as in 2017; a process of ``training.py``.

PYTHON benchmarks/training_keras.py JOB, see ``training_job.py``.

The recipe is that of 2017: the network without its top, ``Flatten`` and a softmax, all layers trained by SGD with
Nesterov momentum 0.9, rate 0.001 and ``decay=1e-6``; ``ImageDataGenerator`` with turns of 45°, shifts and zooms of 0.2
and both flips, ``model.fit`` on ``flow_from_directory``. Two things differ, both in its favour: it looks at the
validation photos after each pass, not after 1,000 batches, and the generator gets as many threads as the other tools.
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from keras_2017 import CHANGES
from training_job import Job, job_of_this_process, mark_epoch, mark_step, mark_version
from training_weights import fill_mobilenet, normalised

NETWORKS = {"resnet50": keras.applications.ResNet50, "mobilenetv1_100": keras.applications.MobileNet}


class Marks(keras.callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        mark_step()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        mark_epoch((logs or {})["val_accuracy"])


def backbone(network: str, weights: str, size: int) -> keras.Model:
    """Return the network without its top; MobileNet V1 takes the weights of a timm folder."""
    model = NETWORKS[network](include_top=False, weights=None, input_shape=(size, size, 3))
    if weights:
        fill_mobilenet(model, weights)
    return model


def train(job: Job) -> None:
    tensorflow.config.threading.set_intra_op_parallelism_threads(job.threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(job.threads)
    keras.utils.set_random_seed(0)
    changed = ImageDataGenerator(**CHANGES, preprocessing_function=normalised)
    shape = {"target_size": (job.size, job.size), "batch_size": job.batch, "class_mode": "categorical"}
    train_photos = changed.flow_from_directory(f"{job.photos}/train", **shape)
    plain = ImageDataGenerator(preprocessing_function=normalised)
    val_photos = plain.flow_from_directory(f"{job.photos}/val", shuffle=False, **shape)
    train_photos.workers = val_photos.workers = max(1, job.workers)
    body = backbone(job.network, job.weights, job.size)
    answer = keras.layers.Dense(job.classes, activation="softmax")(keras.layers.Flatten()(body.output))
    model = keras.Model(body.input, answer)
    rate = keras.optimizers.schedules.InverseTimeDecay(0.001, decay_steps=1, decay_rate=1e-6)
    optimizer = keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    model.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(train_photos, validation_data=val_photos, epochs=1000, callbacks=[Marks()], verbose=0)


def main() -> None:
    mark_version(f"{keras.__version__}, TensorFlow {tensorflow.__version__}")
    train(job_of_this_process())


if __name__ == "__main__":
    main()
