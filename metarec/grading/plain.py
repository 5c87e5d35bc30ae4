"""Plain data as JSON and back, exact in type and value: how a child and the grader talk.

JSON has no tuples, no arrays and no NaN, and pickle would run whatever the child sends. Here every
value is written with its type, and only the types below exist. The file is used on both sides; in
the sandbox it lies beside `runner.py`, without the rest of the package.
"""

import base64
import binascii
import json
import math

import numpy as np

DTYPES = ("|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8")
DEPTH = 20
UNPLAIN = "no plain data"
OWN = "an error of its own kind"
ERRORS = (  # names of errors that are passed on; any other could carry an input out
    "ArithmeticError", "AssertionError", "AttributeError", "AxisError", "EOFError",
    "FileNotFoundError", "ImportError", "IndentationError", "IndexError", "KeyError",
    "LinAlgError", "LookupError", "MemoryError", "ModuleNotFoundError", "NameError",
    "NotImplementedError", "OSError", "OverflowError", "PermissionError", "RecursionError",
    "RuntimeError", "StopIteration", "SyntaxError", "SystemExit", "TabError", "TimeoutError",
    "TypeError", "UnboundLocalError", "UnicodeDecodeError", "ValueError", "ZeroDivisionError",
    UNPLAIN,
)  # fmt: skip


def known(name):
    """The name of an error, if it is one that may be passed on."""
    return name if name in ERRORS else OWN


class NotPlain(ValueError):
    """A value that is no plain data, or a text that describes none."""


def encode(value, depth=0):
    """A value as JSON can hold it; subclasses of the plain types are refused, too.

    Parameters
    ----------
    value : plain data
        Number, text, None, numpy's numbers and arrays; lists, tuples and dictionaries of these.
    depth : int
        How deep it lies in another value.

    Returns
    -------
    plain JSON
        With the type of whatever JSON does not know.

    Raises
    ------
    NotPlain
        For anything else.
    """
    kind = type(value)
    if depth > DEPTH:
        raise NotPlain("nested too deeply")
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if abs(value) < 2**63 else {"int": hex(value)}
    if kind is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if kind is list:
        return [encode(one, depth + 1) for one in value]
    if kind is tuple:
        return {"tuple": [encode(one, depth + 1) for one in value]}
    if kind is dict:
        pairs = [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in value.items()]
        return {"dict": pairs}
    if kind is np.ndarray or issubclass(kind, np.generic):
        return _encode_array(value, "array" if kind is np.ndarray else "scalar")
    raise NotPlain("not plain data")


def _encode_array(value, name):
    dtype = value.dtype.newbyteorder("<")
    if dtype.str not in DTYPES:
        raise NotPlain("an array of something other than numbers")
    data = np.asarray(value).astype(dtype).tobytes()
    return {name: [dtype.str, list(np.shape(value)), base64.b64encode(data).decode("ascii")]}


def decode(document, depth=0):
    """The value that `encode` wrote; NotPlain for anything else, whoever wrote it."""
    if depth > DEPTH:
        raise NotPlain("nested too deeply")
    if document is None or type(document) in (bool, str, int, float):
        return document
    if type(document) is list:
        return [decode(one, depth + 1) for one in document]
    if type(document) is not dict or len(document) != 1:
        raise NotPlain("no such form")
    ((name, body),) = document.items()
    try:
        return DECODERS[name](body, depth + 1)
    except NotPlain:
        raise
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
        raise NotPlain("no such form") from error


def _decode_array(body, depth):
    dtype, shape, text = body
    if dtype not in DTYPES or any(type(n) is not int or n < 0 for n in shape) or len(shape) > 8:
        raise NotPlain("no such array")
    data = base64.b64decode(text, validate=True)
    if len(data) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise NotPlain("an array of another size")
    return np.frombuffer(data, dtype=dtype).reshape(shape).copy()


def _decode_float(body, depth):
    if body not in ("nan", "inf", "-inf"):
        raise NotPlain("no such number")
    return float(body)


DECODERS = {
    "int": lambda body, depth: int(body, 16),
    "float": _decode_float,
    "tuple": lambda body, depth: tuple([decode(one, depth) for one in body]),
    "dict": lambda body, depth: {decode(k, depth): decode(v, depth) for k, v in body},
    "array": _decode_array,
    "scalar": lambda body, depth: _decode_array(body, depth)[()],
}


def _refuse(text):
    raise NotPlain(f"{text} stands for itself")


def dumps(value):
    """A value as one line of text."""
    return json.dumps(encode(value), allow_nan=False)


def loads(text):
    """The value of such a line; NotPlain for any other text, however it was made."""
    try:
        return decode(json.loads(text, parse_constant=_refuse))
    except NotPlain:
        raise
    except (ValueError, RecursionError) as error:
        raise NotPlain("no JSON") from error
