"""Claims that check themselves, and prose whose numbers were computed."""

from __future__ import annotations

import inspect
import json
import math
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from metarec.evaluation.uncertainty import Interval

if TYPE_CHECKING:
    import pandas as pd

_VALUE = r"−?\d[\d.e−]*(?: \[[^]]*\])?"  # a number, perhaps with its interval; no words
PRINTED = re.compile(  # a line that `check` has printed
    rf"✓ holds\s+(?P<text>.*?)(?:: (?P<value>{_VALUE}))? \(claimed: (?P<band>.*)\)$"
)


class ClaimError(AssertionError):
    """A claim of the book does not hold: its number is outside the band that was promised."""


def check(
    text: str,
    value: float | Interval,
    low: float | None = None,
    high: float | None = None,
    *,
    decimals: int | None = None,
    show: bool = True,
) -> None:
    """Print a claim with its number and its band, or raise when the number is outside.

    Introduced in chapter 02.

    Parameters
    ----------
    text : str
        The claim as a reader would say it.
    value : number or Interval
        What was measured. For a number the band includes its ends. Of an Interval *both ends*
        must lie strictly inside the band: `high=0` demands that the whole interval is below 0,
        which two equal methods do not fulfil.
    low, high : float, optional
        The band, at least one end. Typed by hand, with at most six significant digits: a band is
        a promise, made from several seeds. To compare two measured numbers, check the interval of
        their difference against 0. `low == high` claims an exact count.
    decimals : int, optional
        Decimals to print. Default: as many as the band is worth, see Notes.
    show : bool
        False prints the claim and the band without the number: for what differs from run to run
        and machine to machine, such as a ratio of times.

    Raises
    ------
    ClaimError
        When the value is outside the band, NaN or infinite; says all three.
    ValueError
        When the band is missing, empty or looks computed, or the value is no number (a truth
        value hides how near the claim is to failing).

    Notes
    -----
    The line is compared when the book is tested, on other machines too, so it must not print
    noise. One unit of the last digit is between a twentieth and a half of the band's width, or,
    where the band has one end, of the distance to it. There are no more than three significant
    digits, or one decimal more than the band has, and never so few that the rounded number seems
    to break the band. Training that ends elsewhere on every machine is noisier than that: choose
    `decimals`, or `show=False`.

    Examples
    --------
    >>> from metarec import check
    >>> from metarec.evaluation import Interval
    >>> check("hierarchical Bayes errs by less than a star", 0.91134, high=0.92)
    ✓ holds   hierarchical Bayes errs by less than a star: 0.911 (claimed: at most 0.92)
    >>> check("it beats the bias", Interval(-0.0273, -0.0341, -0.0209, 0.0034, n=149), high=0)
    ✓ holds   it beats the bias: −0.03 [−0.03, −0.02] (claimed: the whole interval below 0)
    """
    low, high = _band(low, high)
    numbers = _numbers(value)
    claimed = _claimed(low, high, whole_interval=len(numbers) == 3)
    if not _inside(numbers, low, high):
        found = f"{numbers[0]!r}" + (f" [{numbers[1]!r}, {numbers[2]!r}]" if numbers[1:] else "")
        raise ClaimError(f"does not hold: {text}: {found} (claimed: {claimed})")
    if decimals is None:
        decimals = _decimals(numbers, low, high)
    mean, *ends = (_rounded(number, decimals) for number in numbers)
    shown = f": {mean}" + (f" [{ends[0]}, {ends[1]}]" if ends else "")
    told = f"{shown if show else ''} (claimed: {claimed})".replace("-", "−")
    print(f"✓ holds   {text}{told}")


def stored(notebook: Path) -> dict[str, re.Match]:
    """Read the claims that a notebook printed when its outputs were stored.

    Parameters
    ----------
    notebook : Path
        The `.ipynb` of a chapter.

    Returns
    -------
    dict from a claim's text to its match of `PRINTED`
        With the groups `text`, `value` (None where it was not shown) and `band`, as printed.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    told = [out.get("text", "") for cell in cells for out in cell.get("outputs", ())]
    lines = "\n".join("".join(text) for text in told).splitlines()
    return {match["text"]: match for match in map(PRINTED.match, lines) if match}


def percent(share: float, decimals: int = 0) -> str:
    r"""A share as text, with a space that does not break before the sign.

    Introduced in chapter 01.

    Parameters
    ----------
    share : float
        1 is all of it.
    decimals : int
        Decimals of the percentage.

    Returns
    -------
    str

    Examples
    --------
    >>> from metarec import percent
    >>> percent(0.063)
    '6\xa0%'
    """
    return f"{100 * share:.{decimals}f}\u00a0%"


def as_table(frame: pd.DataFrame, name: str = "") -> str:
    """A frame of texts as a Markdown table, whose cells may wrap on a phone; for `say`.

    Introduced in chapter 07.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index is the first column.
    name : str
        Head of that column.

    Returns
    -------
    str

    Examples
    --------
    >>> import pandas as pd
    >>> from metarec import as_table
    >>> print(as_table(pd.DataFrame({"year": ["1996"]}, ["Fargo"]), "film"))
    | film | year |
    |---|---|
    | Fargo | 1996 |
    """
    head = f"| {name} | " + " | ".join(map(str, frame.columns)) + " |\n|"
    lines = zip(frame.index, frame.to_numpy(), strict=True)
    body = (f"\n| {row} | " + " | ".join(map(str, values)) + " |" for row, values in lines)
    return head + "---|" * (len(frame.columns) + 1) + "".join(body)


def say(markdown: str) -> None:
    """Show Markdown as the output of a cell: the device for prose whose numbers were computed.

    Outside IPython it prints the text. Common indentation is removed, so that the text can be
    indented like the code around it. Introduced in chapter 01.

    Parameters
    ----------
    markdown : str
        Usually an f-string. Round each number to what it is worth: the text is compared when the
        book is tested.

    Raises
    ------
    TypeError
        When given no text.

    Examples
    --------
    >>> from metarec import say
    >>> share = 0.0630
    >>> say(f'''Of all cells, **{share:.1%}** hold a rating.
    ...         The rest is what we want to know.''')
    Of all cells, **6.3%** hold a rating.
    The rest is what we want to know.
    """
    if not isinstance(markdown, str):
        raise TypeError(f"say shows text, not {type(markdown).__name__}; write an f-string")
    text = inspect.cleandoc(markdown)
    ipython = sys.modules.get("IPython")  # a notebook has imported it; nobody else pays for it
    if ipython is None or ipython.get_ipython() is None:
        print(text)
    else:
        from IPython.display import Markdown, display

        display(Markdown(text))


def _band(low: float | None, high: float | None) -> tuple[float, float]:
    """The band with an open end as infinity, or a ValueError that says what is wrong with it."""
    if low is None and high is None:
        raise ValueError("a claim needs a band: give low, high or both")
    for name, end in (("low", low), ("high", high)):
        if end is None:
            continue
        end = float(end)
        if not math.isfinite(end):
            raise ValueError(f"{name} is {end}; leave an open end out")
        if not end.is_integer() and float(f"{end:.6g}") != end:
            raise ValueError(
                f"{name}={end!r} looks computed; type a rounded number, or check the difference "
                "of the two measured values against 0"
            )
    low, high = -math.inf if low is None else float(low), math.inf if high is None else float(high)
    if low > high:
        raise ValueError(f"the band from {low:g} to {high:g} is empty; swap low and high")
    return low, high


def _numbers(value: float | Interval) -> tuple[float, ...]:
    """The value alone, or mean, low and high of an interval."""
    if isinstance(value, Interval):
        return float(value.mean), float(value.low), float(value.high)
    try:
        no_number = isinstance(value, bool | str) or getattr(value, "ndim", 0) > 0
        if no_number or str(getattr(value, "dtype", "")).endswith("bool"):
            raise TypeError("a truth value, a text or an array")
        return (float(value),)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the value of a claim is one number or an Interval, not {value!r}; "
            "pass the number itself, so that the reader sees how far it is from the band"
        ) from error


def _inside(numbers: tuple[float, ...], low: float, high: float) -> bool:
    """A number within the band, ends included; an interval wholly within it, ends excluded."""
    if not all(map(math.isfinite, numbers)):
        return False
    if len(numbers) == 1:
        return low <= numbers[0] <= high
    return low < min(numbers) and max(numbers) < high


def _claimed(low: float, high: float, whole_interval: bool) -> str:
    """The band in words."""
    low_text, high_text = (_bound(end) for end in (low, high))
    if low == -math.inf:
        return f"the whole interval below {high_text}" if whole_interval else f"at most {high_text}"
    if high == math.inf:
        return f"the whole interval above {low_text}" if whole_interval else f"at least {low_text}"
    if low == high:
        return f"exactly {low_text}"
    return f"{'the whole interval ' if whole_interval else ''}between {low_text} and {high_text}"


def _bound(end: float) -> str:
    return f"{end:.0f}" if end.is_integer() else f"{end:g}"


def _decimals(numbers: tuple[float, ...], low: float, high: float) -> int:
    """How many decimals the band is worth (negative: tens, hundreds); see `check`, Notes."""
    ends = [end for end in (low, high) if math.isfinite(end)]
    exponents = (Decimal(_bound(end)).as_tuple().exponent for end in ends)
    own = max(-int(exponent) for exponent in exponents)  # decimals of the band
    if len(ends) == 2:
        room = high - low
    else:
        room = min(abs(number - ends[0]) for number in numbers)
    if room == 0:
        return own
    finest = own + 1
    if numbers[0] != 0:
        finest = max(finest, 2 - math.floor(math.log10(abs(numbers[0]))))  # three digits of it
    decimals = min(math.floor(math.log10(20) - math.log10(room) + 1e-9), finest)
    while decimals < own and not all(low <= round(x, decimals) <= high for x in numbers):
        decimals += 1
    return decimals


def _rounded(number: float, decimals: int) -> str:
    """`number` with that many decimals, in scientific notation where there would be many zeros."""
    rounded = round(number, decimals) + 0.0  # + 0.0 turns -0 into 0
    return f"{rounded:.{max(decimals, 0)}f}" if decimals <= 6 else f"{rounded:g}"
