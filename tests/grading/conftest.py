"""Two sandboxes that the grader's tests share."""

import pytest
from grading_kit import LIMITS

from metarec.grading import Sandbox


@pytest.fixture(scope="session")
def sandbox():
    """A sandbox with bubblewrap, in which the tests of safety mean something."""
    made = Sandbox(limits=LIMITS)
    if made.warning:
        pytest.skip(f"no sandbox on this machine: {made.why}")
    return made


@pytest.fixture(scope="session")
def bare():
    """What remains without bubblewrap: limits."""
    return Sandbox(limits=LIMITS, isolate=False)
