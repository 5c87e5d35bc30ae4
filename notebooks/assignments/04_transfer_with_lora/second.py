"""All questions answered in other ways, with loops and with other libraries. Full marks."""

import math

import numpy as np
from scipy import linalg, special


def bill(layers, adapted, rank, readers):
    network, thin, ranks = 0, 0, []
    for (n_out, n_in), chosen in zip(layers.tolist(), adapted):
        network += (n_in + 1) * n_out
        if chosen:
            thin += rank * n_out + rank * n_in
            ranks.append(next(r for r in range(1, n_out * n_in + 1) if r * (n_out + n_in) >= n_out * n_in))
    full = [network, network * 4, network * readers]
    lora = [thin, network + thin * 4, network + thin * readers]
    return np.array([full, lora]).T, np.array(ranks)


def serve(x, weight, bias, a, b, reader, scale):
    outputs = np.array([weight @ row + bias for row in x])
    pays = []
    for one, (thin_a, thin_b) in enumerate(zip(a, b)):
        mine = np.flatnonzero(reader == one)
        rank, n_in = thin_b.shape
        outputs[mine] += scale / rank * (x[mine] @ thin_b.T) @ thin_a.T
        pays.append(len(thin_a) * rank * n_in < len(mine) * rank * (n_in + len(thin_a)))
    return outputs, np.array(pays)


def step(x, liked, weight, head, a, b, scale, rate):
    factor = scale / len(b)
    slope_a, slope_b, losses = np.zeros(a.shape), np.zeros(b.shape), []
    for row, yes in zip(x, liked):
        bent = np.tanh((weight + factor * a @ b) @ row)
        score = float(head @ bent)
        losses.append(max(score, 0) - score * yes + math.log1p(math.exp(-abs(score))))
        below = (special.expit(score) - yes) * head * (1 + bent) * (1 - bent)
        slope_a += factor * np.outer(below, b @ row)
        slope_b += factor * np.outer(a.T @ below, row)
    return np.mean(losses), a - rate * slope_a / len(x), b - rate * slope_b / len(x)


def through(change, x, rank):
    values, vectors = linalg.eigh(x.T @ x / len(x))
    root = vectors * np.sqrt(values) @ vectors.T
    back = vectors / np.sqrt(values) @ vectors.T

    def cut(matrix, r):
        left, size, right = linalg.svd(matrix)
        return left[:, :r] @ np.diag(size[:r]) @ right[:r]

    def error(low):
        return np.mean(np.sum((x @ (change - low).T) ** 2, axis=1))

    ranks = range(min(change.shape) + 1)
    best = [cut(change @ root, r) @ back for r in ranks]
    return best[rank], np.array([error(low) for low in best]), np.array([error(cut(change, r)) for r in ranks])


def begin_at_home(x, y, reader, home, strengths, new):
    def fit(rows, strength):
        if strength == math.inf:
            return home
        tall = np.vstack([x[rows], math.sqrt(strength) * np.eye(len(home))])
        return linalg.lstsq(tall, np.append(y[rows], math.sqrt(strength) * home))[0]

    def error(strength):
        found = []
        for one in set(reader.tolist()):
            out = reader == one
            found.append(np.mean((y[out] - x[out] @ fit(~out, strength)) ** 2))
        return np.mean(found)

    best = min(strengths, key=error)
    return best, error(best), new @ fit(np.full(len(y), True), best)


def where_home_hurts(shown, asked, spread, noise, assumed, gaps):
    def lines(gap):
        """Error and change of the old, each as (without a gap, for each unit of gap)."""
        d = len(spread)
        covariance = np.zeros((d, d))
        if gap > 0:
            covariance = linalg.inv(np.diag(1 / (gap * spread)) + shown.T @ shown / noise)
        weights = asked @ covariance  # posterior covariance
        from_noise = np.mean(np.sum((weights @ shown.T) ** 2, axis=1)) / noise
        believed = weights @ shown.T @ shown / noise
        return from_noise, np.mean((asked - believed) ** 2 @ spread), np.mean(believed**2 @ spread)

    noise_alone, miss_alone, _ = lines(1.0)
    noise_home, miss_home, moved = lines(assumed)
    alone = noise_alone + miss_alone
    return [alone, noise_home + miss_home * gaps, noise_home + moved * gaps, (alone - noise_home) / miss_home]
