"""Takes the nearest games of the whole shelf, of which the member has rated hardly any.

Loses: question 2, members with more ratings than neighbours
"""

import numpy as np


def neighbours_say(residuals, baseline, similarity, m, kappa):
    said = baseline.copy()
    for game in range(len(baseline)):
        nearest = np.argsort(-similarity[game])[:m]
        weight = np.maximum(similarity[game, nearest], 0) * ~np.isnan(residuals[nearest])
        if kappa + weight.sum() > 0:
            said[game] += weight @ np.nan_to_num(residuals[nearest]) / (kappa + weight.sum())
    return said
