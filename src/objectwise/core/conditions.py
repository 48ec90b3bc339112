"""Conditions on the rows of a table, as a person types them: ``area > 50 and intensity_mean_DNA < 200``.

Read by Python's own parser, so that precedence, brackets and chained comparisons are those that everybody knows,
and then worked out here node by node. Nothing is ever evaluated as Python: what is not in this file does not exist,
and a text from a stranger's recipe can do no more than choose rows.
"""

from __future__ import annotations

import ast
import keyword
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from objectwise.core.parameter import nearest

_LONGEST = 2000

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_COMBINE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}


def _of_defined(function: Callable[..., Any]) -> Callable[..., float]:
    """Return a statistic of the values that are defined; NaN where none is."""

    def statistic(values: Any, *more: Any) -> float:
        values = np.asarray(values, float)
        values = values[~np.isnan(values)]
        return float(function(values, *more)) if values.size else float("nan")

    return statistic


# name -> function, number of arguments, what it gives
FUNCTIONS: dict[str, tuple[Callable[..., Any], int, str]] = {
    "abs": (np.abs, 1, "the value without its sign"),
    "sqrt": (np.sqrt, 1, "the square root"),
    "log": (np.log, 1, "the natural logarithm"),
    "log10": (np.log10, 1, "the logarithm to the base 10"),
    "isnan": (np.isnan, 1, "whether the value is not defined"),
    "mean": (_of_defined(np.mean), 1, "the mean of the column"),
    "median": (_of_defined(np.median), 1, "the median of the column"),
    "sd": (_of_defined(lambda values: values.std(ddof=1) if values.size > 1 else np.nan), 1, "its sd"),
    "min": (_of_defined(np.min), 1, "the smallest value of the column"),
    "max": (_of_defined(np.max), 1, "the largest value of the column"),
    "percentile": (_of_defined(np.percentile), 2, "a percentile of the column, such as percentile(area, 95)"),
}


def quoted(name: str) -> str:
    """Return the name of a column as it is written in a condition.

    Examples
    --------
    >>> quoted("area"), quoted("intensity_mean_Cy5 (far red)")
    ('area', '`intensity_mean_Cy5 (far red)`')
    """
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"


def matching(text: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return for which rows a condition is true.

    Parameters
    ----------
    text : str
        Comparisons of columns, numbers and texts, joined by ``and``, ``or`` and ``not``; arithmetic and the functions
        of ``FUNCTIONS`` are allowed. A name that is not made of letters, digits and ``_`` stands between backticks.
    columns : mapping of str to (n,) array
        The table.

    Returns
    -------
    (n,) array of bool
        A comparison with a value that is not defined is false, whatever is asked.

    Raises
    ------
    ValueError
        One sentence about what is wrong with the text.

    Examples
    --------
    >>> columns = {"area": np.array([4.0, 60.0, np.nan]), "label": np.array([1, 2, 3])}
    >>> matching("area > 50 or label == 1", columns)
    array([ True,  True, False])
    """
    tree, names = _parse(text)
    with np.errstate(all="ignore"):
        try:
            found = np.asarray(_Evaluation(columns, names).value(tree))
        except (TypeError, np.exceptions.DTypePromotionError):
            raise ValueError("Texts and numbers cannot be compared or calculated with each other.") from None
        except (OverflowError, RecursionError):
            raise ValueError("The condition is too large; make it simpler.") from None
    if found.dtype != bool:
        raise ValueError(f"Say what {text.strip()} is compared with, such as {text.strip()} > 50.")
    n = len(next(iter(columns.values()), ()))
    return np.array(np.broadcast_to(found, (n,)))


def word_at(text: str, position: int) -> tuple[int, str]:
    """Return the word that is being typed, and where it starts.

    Examples
    --------
    >>> word_at("area > 5 and int", 16)
    (13, 'int')
    >>> word_at("area > `Cy5 (fa", 15)
    (7, '`Cy5 (fa')
    """
    before = text[:position]
    if before.count("`") % 2:
        start = before.rindex("`")
        return start, before[start:]
    word = re.search(r"[^\W\d]\w*$", before)
    return (word.start(), word[0]) if word else (position, "")


def completions(word: str, names: Sequence[str]) -> list[str]:
    """Return what a word can become: names that start with it, then names that hold it, then functions.

    Examples
    --------
    >>> completions("max", ["area", "intensity_max", "max_x"])
    ['max_x', 'intensity_max', 'max(']
    """
    wanted = word.strip("`").casefold()
    if not wanted:
        return []
    starting = [name for name in names if name.casefold().startswith(wanted)]
    holding = [name for name in names if wanted in name.casefold() and name not in starting]
    calls = [f"{name}(" for name in FUNCTIONS if name.startswith(wanted)]
    return [*map(quoted, starting), *map(quoted, holding), *calls]


def _parse(text: str) -> tuple[ast.expr, dict[str, str]]:
    """Return the tree of a text, and the names that stand for those between backticks."""
    if len(text) > _LONGEST:
        raise ValueError("The condition is too long.")
    names: dict[str, str] = {}

    def keep(found: re.Match[str]) -> str:
        names[f"_quoted_{len(names)}"] = found[1]
        return f" _quoted_{len(names) - 1} "

    plain = re.sub(r"`([^`]*)`", keep, text).strip()
    # one equals sign asks, as there is nothing to assign to
    plain = re.sub(r"(?<![<>=!])=(?!=)", "==", plain)
    plain = re.sub(r"\b(AND|OR|NOT)\b", lambda found: found[0].lower(), plain)
    try:
        return ast.parse(plain, mode="eval").body, names
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(
            "This is not a condition yet; write one such as area > 50 and solidity < 0.9."
        ) from None


class _Evaluation:
    """The value of each kind of node; columns are arrays, all else are single values."""

    def __init__(self, columns: Mapping[str, np.ndarray], names: Mapping[str, str]) -> None:
        self.columns, self.names = columns, names

    def value(self, node: ast.expr) -> Any:
        kind = type(node)
        method = getattr(self, f"_{kind.__name__.lower()}", None)
        if method is None:
            raise ValueError(
                "A condition has columns, numbers, comparisons and the words and, or, not; "
                f"found {_short(node)}."
            )
        return method(node)

    def _name(self, node: ast.Name) -> Any:
        name = self.names.get(node.id, node.id)
        if name not in self.columns:
            raise ValueError(f"There is no column {name!r}{nearest(name, self.columns)}.")
        return self.columns[name]

    def _constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool | str):
            return node.value
        if isinstance(node.value, int | float):
            return np.float64(node.value)
        raise ValueError(f"{node.value!r} is not a number or a text.")

    def _boolop(self, node: ast.BoolOp) -> Any:
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        found = self._truth(node.values[0])
        for item in node.values[1:]:
            found = join(found, self._truth(item))
        return found

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        if isinstance(node.op, ast.Not):
            return np.logical_not(self._truth(node.operand))
        if isinstance(node.op, ast.USub):
            return np.negative(self._number(node.operand))
        if isinstance(node.op, ast.UAdd):
            return self._number(node.operand)
        raise ValueError("Write not instead of ~.")

    def _binop(self, node: ast.BinOp) -> Any:
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            word, sign = ("and", "&") if isinstance(node.op, ast.BitAnd) else ("or", "|")
            raise ValueError(f"Write {word} instead of {sign}.")
        combine = _COMBINE.get(type(node.op))
        if combine is None:
            raise ValueError(f"Only + - * / % and ** calculate; found {_short(node)}.")
        return combine(self._number(node.left), self._number(node.right))

    def _compare(self, node: ast.Compare) -> Any:
        found: Any = np.bool_(True)
        left = self.value(node.left)
        for sign, item in zip(node.ops, node.comparators, strict=True):
            compare = _COMPARE.get(type(sign))
            if compare is None:
                raise ValueError("Compare by < <= > >= == or !=.")
            right = self.value(item)
            if _is_text(left) != _is_text(right):
                raise TypeError
            found = np.logical_and(found, compare(left, right))
            for side in (left, right):
                if np.asarray(side).dtype.kind == "f":
                    found = np.logical_and(found, ~np.isnan(side))
            left = right
        return found

    def _call(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else _short(node.func)
        if name not in FUNCTIONS:
            raise ValueError(f"There is no function {name!r}; there are {', '.join(FUNCTIONS)}.")
        function, n, _ = FUNCTIONS[name]
        if len(node.args) != n or node.keywords:
            raise ValueError(f"{name} takes {n} value{'s' if n > 1 else ''} in its brackets.")
        numbers = [self._number(item) for item in node.args]
        if name == "percentile" and not (np.ndim(numbers[1]) == 0 and 0 <= numbers[1] <= 100):
            raise ValueError("The percentile is a number from 0 to 100.")
        return function(*numbers)

    def _number(self, node: ast.expr) -> Any:
        found = self.value(node)
        if _is_text(found):
            raise TypeError
        return np.asarray(found, float)[()]

    def _truth(self, node: ast.expr) -> Any:
        found = np.asarray(self.value(node))
        if found.dtype != bool:
            raise ValueError(
                f"Say what {self._text(node)} is compared with, such as {self._text(node)} > 50."
            )
        return found

    def _text(self, node: ast.expr) -> str:
        text = _short(node)
        for placeholder, name in self.names.items():
            text = text.replace(placeholder, f"`{name}`")
        return text


def _is_text(value: Any) -> bool:
    return np.asarray(value).dtype.kind in "UOT"


def _short(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."
