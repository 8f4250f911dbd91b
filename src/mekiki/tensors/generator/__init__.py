"""``mekiki.ImageDataGenerator``: code written for Keras' generator of that name moves over by changing its import.

The arguments, the dictionary of a transform and the iterators are Keras'; the transforms are those of
``tensors/augmentation`` and ``tensors/geometry``, and the numbers come from ``seeds``. Keras is never imported.
"""
