"""Settings for every test: how nbval compares notebooks, and what no test may depend on."""

import os

os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# Pictures differ between machines in their last bit; what they show is compared as numbers.
NOT_COMPARED = ("application/papermill.record/image/png", "image/svg+xml", "text/html")


def pytest_configure(config):
    """Tell nbval which outputs are pictures."""
    if not getattr(config.option, "nbval", False):
        os.environ.setdefault("MPLBACKEND", "Agg")
        return
    os.environ.pop("MPLBACKEND", None)  # a kernel told to use Agg would show no figure
    from nbval.kernel import RunningKernel
    from nbval.plugin import IPyNbFile

    def execute(self, cell_input, allow_stdin=None):
        # As a notebook does. nbval keeps no history, and without it a final `;` hides nothing.
        return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)

    RunningKernel.execute_cell_input = execute
    original = IPyNbFile.__init__

    def patched(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.skip_compare += NOT_COMPARED

    IPyNbFile.__init__ = patched
