"""What training loops share."""

import numpy as np
import pytest
import torch

from metarec.models.optim import seeded, warm_up_then_cosine


def test_chance_is_seeded_inside_and_untouched_outside():
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    with seeded(3):
        one = torch.rand(2)
    torch.testing.assert_close(torch.rand(2), expected)
    with seeded(3):
        torch.testing.assert_close(torch.rand(2), one)


def test_the_step_size_rises_and_falls_to_nothing():
    assert warm_up_then_cosine(0) == 0
    assert warm_up_then_cosine(1) == pytest.approx(0)
    assert warm_up_then_cosine(0.05) == pytest.approx(1, abs=0.01)
    falling = [warm_up_then_cosine(p) for p in np.linspace(0.06, 1, 20)]
    assert falling == sorted(falling, reverse=True)
