"""What tests of training share."""

from collections.abc import Iterator

import pytest

from tests.conftest import one_pixel_figures


@pytest.fixture(scope="package", autouse=True)
def figures_of_one_pixel() -> Iterator[None]:
    """No test of training looks at a figure."""
    with one_pixel_figures():
        yield
