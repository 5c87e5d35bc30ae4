"""Tasks: nobody sees what they should not."""

import dataclasses

import numpy as np

from metarec.data import Episodes
from metarec.models import HierarchicalBayes
from metarec.models.meta.tasks import Tasks, cross_fit


class TestTasks:
    def test_support_and_query_are_different_ratings_of_the_person(self, made_up):
        drawn = Tasks(made_up).draw(np.random.default_rng(0), 200, 20, 8)
        known = made_up.table.set_index(["user", "item"])["rating"]
        sizes = set()
        for row, user in enumerate(drawn.users):
            parts = []
            for side in ("support", "query"):
                mask = getattr(drawn, f"{side}_mask")[row]
                items = drawn.items[getattr(drawn, f"{side}_items")[row][mask]]
                given = getattr(drawn, f"{side}_ratings")[row][mask]
                assert list(known.loc[[(user, i) for i in items]]) == list(given)
                parts.append(list(items))
            assert len(set(parts[0] + parts[1])) == len(parts[0]) + len(parts[1])
            assert 1 <= len(parts[1]) <= 8
            sizes.add(len(parts[0]))
        assert {0, 20} <= sizes

    def test_a_fold_of_users_has_no_part_in_what_it_looks_at(self, made_up):
        user = made_up.users.index[0]
        table = made_up.table.copy()
        own = table["user"] == user
        table.loc[own, "rating"] = 6 - table.loc[own, "rating"]
        changed = dataclasses.replace(made_up, table=table)
        before, later = (cross_fit(r, 2, 3, seed=0) for r in (made_up, changed))
        row = before.fold[user]
        np.testing.assert_array_equal(before.expected[row], later.expected[row])
        lengths = [(k.features[row] ** 2).sum(1) for k in (before, later)]  # axes may turn
        np.testing.assert_allclose(*lengths)
        assert not np.allclose(before.expected[0], later.expected[0], atol=1e-6)

    def test_without_folds_everybody_looks_at_the_same(self, made_up):
        known = cross_fit(made_up, 2, 1, seed=0)
        assert known.expected.shape[0] == 1
        assert (known.fold == 0).all()

    def test_all_folds_share_their_axes(self, made_up):
        known = cross_fit(made_up, 2, 3, seed=0)
        whole, *parts = (f[: made_up.n_items].ravel() for f in known.features)
        assert all(np.corrcoef(whole, part)[0, 1] > 0.8 for part in parts)


def test_noise_is_what_a_known_taste_leaves(made_up):
    """A rating varies by its noise and by the taste; together that is what `predict` says."""
    known = cross_fit(made_up, 2, 1, 0)
    model = HierarchicalBayes(2, seed=0).fit(made_up)
    stranger = Episodes.of_one(made_up, {})
    mean, std = model.predict(stranger, return_std=True)
    query = stranger.query_items[0]
    np.testing.assert_allclose(known.expected[0][query], mean[0])
    variance = known.noise[0] + (known.features[0] ** 2).sum(1)
    np.testing.assert_allclose(variance[query], std[0] ** 2)
