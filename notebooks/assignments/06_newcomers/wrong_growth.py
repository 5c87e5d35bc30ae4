"""Takes √(2 ln n) for the expected largest of n: right for huge n, a third too much for forty.

Loses: question 5, fields of all sizes
"""

import math


def winner(n, spread, noise, people):
    largest = math.sqrt(2 * math.log(n))
    total = math.hypot(spread, noise / math.sqrt(people))
    return total * largest, spread**2 / total * largest if total else 0.0, spread * largest
