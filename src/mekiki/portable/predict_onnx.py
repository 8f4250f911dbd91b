"""Say what is in pictures: python predict_onnx.py PHOTO... needs onnxruntime, numpy and Pillow, and model.onnx here."""

import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageCms, ImageOps

session = onnxruntime.InferenceSession(Path(__file__).with_name("model.onnx"), providers=["CPUExecutionProvider"])
card = json.loads(session.get_modelmeta().custom_metadata_map["mekiki"])
size, rule = card["preprocessing"]["image_size"], card["unknown"]

for name in sys.argv[1:]:
    image: Image.Image = Image.open(name)
    if 2 * size <= min(image.size):
        image.draft(None, (size, size))  # a large JPEG is decoded smaller, as in training
    image = image.point(lambda level: level / 256).convert("L") if image.mode[:4] == "I;16" else image
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    if profile and image.mode == "RGB":
        with contextlib.suppress(ImageCms.PyCMSError):  # a broken profile is not obeyed
            image = ImageCms.profileToProfile(image, io.BytesIO(profile), ImageCms.createProfile("sRGB")) or image
    found = session.run(None, {"pictures": np.asarray(image.convert("RGB"))[None]})
    said = dict(zip([output.name for output in session.get_outputs()], found, strict=True))
    known = rule is None or said["known_score"][0] >= rule["threshold"]
    best = np.argsort(-said["probabilities"][0])[:5]
    ranked = ", ".join(f"{card['classes'][place]} {said['probabilities'][0][place]:.3f}" for place in best)
    print(f"{name}: {'' if known else 'unknown; nearest: '}{ranked}")
