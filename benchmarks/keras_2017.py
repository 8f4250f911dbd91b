"""The changes of the photos in the Keras code of 2017, as ``ImageDataGenerator`` takes them."""

from typing import Any

CHANGES: dict[str, Any] = {
    "rotation_range": 45,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
    "vertical_flip": True,
}
