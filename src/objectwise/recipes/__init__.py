"""Recipes that ship with the package, each a TOML file of this folder."""

from __future__ import annotations

from objectwise.core.parameter import nearest
from objectwise.core.recipe import Recipe


def shipped(name: str) -> Recipe:
    """Return a recipe that ships with the package.

    Examples
    --------
    >>> [step.id for step in shipped("coins").steps]
    ['mask', 'closed', 'inside', 'clean', 'labels', 'table']
    """
    from importlib.resources import files

    folder = files(__name__)
    names = sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))
    if name not in names:
        raise ValueError(f"no recipe {name!r} ships with the package{nearest(name, names)}; there are {', '.join(names)}")
    return Recipe.from_toml((folder / f"{name}.toml").read_text(encoding="utf-8"))
