"""All questions answered in other ways, with loops and with other libraries. Full marks."""

import math
from collections import Counter

import numpy as np
import pandas as pd
from scipy import linalg


def weigh(archive, new):
    documents = Counter(word for text in archive for word in set(text.split()))
    rows = []
    for text in new:
        counts = Counter(text.split())
        row = [counts[w] * (1 + math.log((1 + len(archive)) / (1 + documents[w]))) for w in sorted(documents)]
        rows.append([value / (math.hypot(*row) or 1.0) for value in row])
    return np.array(rows)


def monday_list(archive, stars, new, dislike_weight, k):
    liked, other = np.flatnonzero(stars >= 4), np.flatnonzero(stars <= 3)
    weight = np.zeros(len(archive))
    weight[liked] = 1 / max(len(liked), 1)
    weight[other] = -dislike_weight / max(len(other), 1)
    profile = weight @ archive
    scores = []
    for vector in new:
        length = linalg.norm(vector) * linalg.norm(profile)
        scores.append(0.0 if length == 0 else float(vector @ profile) / length)
    return np.array(sorted(range(len(new)), key=lambda i: -scores[i])[:k])


def pool(hidden, mask, skip_first):
    pooled = np.zeros((hidden.shape[0], hidden.shape[2]))
    for text, (vectors, there) in enumerate(zip(hidden, mask)):
        own = vectors[there]
        if skip_first and len(own) > 1:
            own = own[1:]
        if len(own):
            pooled[text] = own.mean(axis=0)
    return pooled


def open_cone(archive, new, n):
    values, vectors = linalg.eigh(np.cov(archive, rowvar=False))
    order = [i for i in np.argsort(values)[::-1] if values[i] > 1e-10 * values.max()][:n]
    white = (new - archive.mean(axis=0)) @ (vectors[:, order] / np.sqrt(values[order]))
    before, after = (pd.DataFrame(rows.T) for rows in (new, white))

    def cosines(columns):
        columns = columns / np.sqrt((columns**2).sum())
        return (columns.T @ columns).to_numpy()

    pairs = ~np.eye(len(new), dtype=bool)
    return cosines(before)[pairs].mean(), cosines(after)[pairs].mean(), cosines(after)


def head(x, y, penalty, new):
    mean = x.mean(axis=0)
    u, size, v = linalg.svd(x - mean, full_matrices=False)
    weights = v.T @ (size / (size**2 + penalty) * (u.T @ (y - y.mean())))
    return y.mean() + new @ weights - mean @ weights


def cost_of_columns(shown, asked, spread, noise, prices):
    bias, variance = [np.mean(asked**2 @ spread)], [0.0]
    for d in range(1, len(spread) + 1):
        x = shown[:, :d]
        fit = linalg.solve(x.T @ x + np.diag(prices[:d]), x.T, assume_a="pos")  # [d, k]
        missed = (asked[:, :d] @ (fit @ shown) - asked) * np.sqrt(spread)
        bias.append(np.mean(np.sum(missed**2, axis=1)))
        variance.append(noise * np.mean(np.sum((asked[:, :d] @ fit) ** 2, axis=1)))
    return [np.array(bias), np.array(variance)]
