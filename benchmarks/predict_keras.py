"""Prediction with Keras 3 on TensorFlow; a process of ``predict.py``.

PYTHON benchmarks/predict_keras.py JOB, see ``predict_job.py``. ``keras.applications.MobileNet`` takes the weights of
the timm folder; its head, a pooling and a softmax, is random. It is saved as ``model.keras`` and loaded from there.

keras           as in 2017: ``ImageDataGenerator().flow_from_directory`` with ``shuffle=False``, ``model.predict``; the
                generator gets as many threads as the other tools
keras:dataset   ``keras.utils.image_dataset_from_directory`` with ``prefetch``, ``model.predict``
"""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import keras
import tensorflow
from predict_job import PHOTOS, Job, job_of_this_process, write_answers

SIZE = 224


def save(job: Job) -> None:
    from training_weights import fill_mobilenet

    keras.utils.set_random_seed(0)
    body = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3))
    fill_mobilenet(body, job.weights)
    pooled = keras.layers.GlobalAveragePooling2D()(body.output)
    answer = keras.layers.Dense(job.classes, activation="softmax")(pooled)
    keras.Model(body.input, answer).save(Path(job.model, "model.keras"))
    print(f"keras {keras.__version__}, tensorflow {tensorflow.__version__}")


def photos_of(job: Job) -> object:
    if job.way == "dataset":
        photos = keras.utils.image_dataset_from_directory(
            Path(job.folder, PHOTOS), labels=None, shuffle=False, image_size=(SIZE, SIZE), batch_size=job.batch
        )
        most = tensorflow.data.AUTOTUNE
        return photos.map(lambda pictures: pictures / 128 - 1, num_parallel_calls=most).prefetch(most)
    from keras.src.legacy.preprocessing.image import ImageDataGenerator
    from training_weights import normalised

    generator = ImageDataGenerator(preprocessing_function=normalised)
    photos = generator.flow_from_directory(
        job.folder, target_size=(SIZE, SIZE), batch_size=job.batch, class_mode=None, shuffle=False
    )
    photos.workers = job.workers
    return photos


def predict(job: Job) -> None:
    model = keras.models.load_model(Path(job.model, "model.keras"))
    chances = model.predict(photos_of(job), verbose=0)
    best = zip(chances.argmax(1).tolist(), chances.max(1).tolist(), strict=True)
    write_answers(job.out, job.files(), best)


def main() -> None:
    job = job_of_this_process()
    (save if job.step == "save" else predict)(job)


if __name__ == "__main__":
    main()
