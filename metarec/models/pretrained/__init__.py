"""Networks that were trained on text: loading, encoders, LoRA, language models."""

import lazy_loader

from metarec._lazy import offered

_HERE = {
    "encoders": ["pool"],
    "loading": ["Pretrained", "PretrainedError", "load", "pooling_of"],
    "language_model": ["log_likelihoods"],
    "prompting": ["film_texts"],
}
_LISTED = offered(__path__[0])
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={m: [*_LISTED.get(m, []), *_HERE.get(m, [])] for m in {**_LISTED, **_HERE}},
)
