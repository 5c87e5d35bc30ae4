"""Everybody gets the same order: the newcomer's stars are not read.

Loses: question 6, valleys of 120 readers
Loses: question 6, valleys of 40 readers
"""


def recommend(stars, facts, supports, asked):
    return book_means(stars, 5)[asked]
