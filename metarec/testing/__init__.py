"""What every method promises, as checks for a method of your own: `check_method(MyMethod())`.

A plain class with `fit(ratings)` and `predict(episodes)` will do. Checks about parameters, saving
and the state before `fit` apply to what offers them: `ranges`, `save` and `load`, `get_params`.
Nothing is needed but the made-up ratings that `made_up` gives. Introduced in chapter 02.

With pytest, each check becomes a test of its own, and all share one fit of the method:

    TRIAL = Trial(MyMethod())

    @pytest.mark.parametrize("check", checks().values(), ids=checks())
    def test_my_method(check):
        check(TRIAL)
"""

import lazy_loader

from metarec._lazy import offered

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=offered(__path__[0]))
