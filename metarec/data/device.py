"""Where tensors live: one rule for the whole book."""


def pick_device(device: str = "auto") -> str:
    """Name the device that PyTorch should use.

    Parameters
    ----------
    device : str
        `"auto"` takes CUDA, then Apple's MPS, then the CPU; any other name is returned as it is.

    Returns
    -------
    str
    """
    if device != "auto":
        return device
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
