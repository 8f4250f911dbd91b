"""From pictures to batches: geometry, augmentation, normalisation, loading."""
