"""The button beside a form that keeps its values under a name, brings them back, and resets them."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QInputDialog, QMenu, QToolButton

from objectwise.gui.forms import remembered
from objectwise.gui.forms.form import Form


class PresetsButton(QToolButton):
    """A menu of the values of a form.

    Parameters
    ----------
    form : callable
        Gives the form that is shown.
    show_pixels : callable
        Called with whether lengths are to be typed in pixels.
    """

    def __init__(self, form: Callable[[], Form | None], show_pixels: Callable[[bool], None]) -> None:
        super().__init__()
        self._form, self._show_pixels = form, show_pixels
        self.setText("\u2630")
        self.setToolTip("Back to the defaults, or to values that were kept under a name")
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.fill)
        self.setMenu(menu)

    def fill(self) -> None:
        """List what there is for the form that is shown."""
        menu, form = self.menu(), self._form()
        assert menu is not None
        menu.clear()
        if form is None:
            return
        name = form.record.name
        menu.addAction("Reset to defaults").triggered.connect(lambda: form.reset())
        menu.addAction("Keep these values as ...").triggered.connect(lambda: self.keep())
        pixels = menu.addAction("Lengths in pixels")
        pixels.setToolTip(
            "Type lengths in pixels along y, areas and volumes in pixels, instead of the layer's unit"
        )
        pixels.setCheckable(True)
        pixels.setChecked(form.in_pixels)
        pixels.triggered.connect(self._show_pixels)
        kept = remembered.named(name)
        if not kept:
            return
        menu.addSeparator()
        for title, values in sorted(kept.items()):
            action = menu.addAction(title.replace("&", "&&"))
            action.setToolTip("\n".join(f"{key.replace('_', ' ')}: {_text(v)}" for key, v in values.items()))
            action.triggered.connect(lambda _on=False, values=values: form.recall(values, everything=True))
        menu.addSeparator()
        forget = menu.addMenu("Delete")
        for title in sorted(kept):
            forget.addAction(title.replace("&", "&&")).triggered.connect(
                lambda _on=False, title=title: remembered.delete_name(name, title)
            )

    def keep(self) -> None:
        """Ask for a name, and keep the values under it."""
        form = self._form()
        if form is None:
            return
        titles = sorted(remembered.named(form.record.name))
        title, wanted = QInputDialog.getItem(
            self, "Keep these values", "Name (one that is there already is replaced):", titles, 0, True
        )
        if wanted and title.strip():
            remembered.give_name(form.record.name, title.strip(), form.noted(everything=True))


def _text(value: object) -> str:
    if isinstance(value, dict):
        return f"{value.get('value')} {value.get('unit')}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
