"""Public checks of an assignment, judged as the grader judges."""

from __future__ import annotations

from metarec.grading import plain
from metarec.grading.board import per_person
from metarec.grading.compare import ATOL, RTOL, difference


def expect(
    function,
    args: tuple,
    returns,
    what: str,
    hint: str = "",
    rtol: float = RTOL,
    atol: float = ATOL,
    metric: str = "",
    bar: float = 0.0,
) -> None:
    """Call a function and say whether it returns what it should, or scores well enough.

    Parameters
    ----------
    function : callable
        The answer to a question.
    args : tuple
        Its arguments, plain data.
    returns : plain data
        What is right.
    what : str
        What is looked at, in a few words.
    hint : str
        What to think of when it is wrong.
    rtol, atol : float
        Tolerances, as `numpy.isclose` has them.
    metric : str
        A name of `metarec.grading.board.METRICS`: then `returns` are true ratings, and scores come
        back for the candidates.
    bar : float
        The mean of the metric over people must reach it.

    Raises
    ------
    AssertionError
        With the reason and the hint.

    Examples
    --------
    >>> from metarec.grading import expect
    >>> expect(max, ([1, 3, 2],), 3, "the largest of three")
    ✓ max: the largest of three
    """
    copies = plain.loads(plain.dumps(list(args)))  # the function may change its arguments
    try:
        found = plain.loads(plain.dumps(function(*copies)))
        if metric:
            score = per_person(metric, [(found, returns)]).mean()
            what += f" (scores {score:.3f}, the bar is at {bar:.3f})"
            why = "" if score >= bar else "below the bar"
        else:
            why = difference(found, returns, rtol, atol)
    except plain.NotPlain:
        why = "what comes back is no plain number, array, list or text"
    if why:
        raise AssertionError(f"{function.__name__}, {what}: {why}. {hint}".strip())
    print(f"✓ {function.__name__}: {what}")
