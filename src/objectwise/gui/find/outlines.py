"""The preview of the panel: outlines in one bright colour, which are seen on any image and hide none of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.layers import Layer
from napari.utils.colormaps import DirectLabelColormap

from objectwise.gui.find.finding import Found, look_for_objects
from objectwise.gui.preview.glance import Seen
from objectwise.gui.preview.preview_layer import Preview

# of outlines, of the circle of the typical diameter, and of everything else
_OUTLINE, _CIRCLE, _CLEAR = "#ffe14d", "#4dd2ff", "transparent"


class Outlines(Preview):
    """A preview that draws outlines, and hands on what else was found."""

    look = staticmethod(look_for_objects)

    def __init__(
        self,
        viewer: Any,
        say: Callable[[str, bool], None],
        found: Callable[[str, Any], None],
        drawn: Callable[[Seen, Layer | None], None],
        seen: Callable[[Found], None],
    ) -> None:
        super().__init__(viewer, say, found, drawn)
        self._seen = seen

    def _show(self, seen: Any, *arguments: Any) -> None:
        if self.on:
            self._seen(seen)
        super()._show(seen, *arguments)

    def _add(self, *arguments: Any) -> Layer:
        layer = super()._add(*arguments)
        layer.colormap = DirectLabelColormap(color_dict={None: _CLEAR, 0: _CLEAR, 1: _OUTLINE, 2: _CIRCLE})
        layer.opacity = 1.0
        return layer
