"""Learns forty means and a covariance of forty by forty from forty readers, without facts and without pull.

Loses: question 6, valleys of 40 readers
"""

import numpy as np


def recommend(stars, facts, supports, asked):
    level, each = book_means(stars, 5), np.eye(len(facts))
    return _served(each, level, learn_prior(each, stars - level, 30), supports, asked)
