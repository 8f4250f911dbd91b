"""Keras' ImageDataGenerator.fit and .standardize, restated in numpy line by line for rescale = 1/255, channels last."""

from collections.abc import Sequence

import numpy as np


class KerasNumpy:
    """Holds what ``fit`` measured; ``dtype`` is float32 in Keras."""

    def __init__(self, names: Sequence[str], epsilon: float = 1e-6, dtype: type = np.float32) -> None:
        self.names, self.epsilon, self.dtype = names, epsilon, dtype
        self.mean = self.std = self.matrix = None

    def fit(self, pictures: np.ndarray) -> "KerasNumpy":
        x = np.copy(np.asarray(pictures, dtype=self.dtype))
        x *= 1 / 255
        if "featurewise_center" in self.names:
            self.mean = np.mean(x, axis=(0, 1, 2)).reshape(1, 1, 3)
            x -= self.mean
        if "featurewise_std_normalization" in self.names:
            self.std = np.std(x, axis=(0, 1, 2)).reshape(1, 1, 3)
            x /= self.std + 1e-6
        if "zca_whitening" in self.names:
            n = len(x)
            u, s, _ = np.linalg.svd(np.reshape(x, (n, -1)).T, full_matrices=False)
            self.matrix = (u * (np.sqrt(n) / (s + self.epsilon))).dot(u.T)
        return self

    def standardize(self, picture: np.ndarray) -> np.ndarray:
        x = np.asarray(picture, dtype=self.dtype).copy()
        x *= 1 / 255
        if "samplewise_center" in self.names:
            x -= np.mean(x, keepdims=True)
        if "samplewise_std_normalization" in self.names:
            x /= np.std(x, keepdims=True) + 1e-6
        if self.mean is not None:
            x -= self.mean
        if self.std is not None:
            x /= self.std + 1e-6
        if self.matrix is not None:
            x = (x.reshape(-1, x.size) @ self.matrix).reshape(x.shape)
        return x
