"""What is measured of the objects: groups of columns, images, and whether of each object or of all together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from napari.layers import Image, Layer
from qtpy.QtWidgets import QFormLayout, QGridLayout, QToolButton, QVBoxLayout, QWidget

from objectwise.core.method import methods
from objectwise.gui.forms.choosers import LayerList, NarrowComboBox, suits
from objectwise.gui.forms.fields import Groups
from objectwise.gui.forms.rows import row_label, row_layout
from objectwise.gui.measuring import checked_features, meaning
from objectwise.measure.families import groups, groups_by_default

_RESULTS = ("objects, numbered", "one mask of all")


class MeasureRows(QWidget):
    """The rows of the panel that tell what the table will hold.

    Parameters
    ----------
    checked : callable
        ``checked(layer)`` tells whether the brightness of an image is measured where nobody has said so.
    """

    def __init__(self, checked: Callable[[Layer], bool]) -> None:
        super().__init__()
        usual = groups_by_default()
        self.groups = Groups(
            methods["measure"].parameters["features"], {name: name in usual for name in groups()}
        )
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        rare = QWidget()
        others = QGridLayout(rare)
        others.setContentsMargins(0, 0, 0, 0)
        rare.hide()
        for number, name in enumerate(sorted(self.groups.boxes, key=lambda name: name not in usual)):
            box = self.groups.boxes[name].native
            box.setToolTip(f"<qt>{escape(meaning(name)).replace(chr(10), '<br>')}</qt>")
            (grid if name in usual else others).addWidget(box, *divmod(number, 2))
        self.more = QToolButton()
        self.more.setText("more ...")
        self.more.setCheckable(True)
        self.more.setAutoRaise(True)
        self.more.setToolTip("Texture, neighbours, and what else there is to measure")
        self.more.toggled.connect(rare.setVisible)
        title = QWidget()
        beside = QVBoxLayout(title)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(row_label("Measure", "What the table tells of each object"))
        beside.addWidget(self.more)
        beside.addStretch(1)
        self.images = LayerList("images", checked)
        self.images_label = row_label("Brightness in", "The images whose brightness is measured")
        self.output = NarrowComboBox()
        self.output.addItems(_RESULTS)
        self.output.setToolTip(
            "An id for each object and a row for each in the table; or one mask, with one row for all of it"
        )
        self.rows = row_layout()
        self.setLayout(self.rows)
        self.rows.setVerticalSpacing(3)
        self.rows.addRow(title, grid)
        self.rows.addRow(rare)
        self.rows.addRow(self.images_label, self.images)
        self.rows.addRow(row_label("Result", self.output.toolTip()), self.output)

    @property
    def as_mask(self) -> bool:
        """Whether one mask of all objects is wanted."""
        return self.output.currentIndex() == 1

    def features(self) -> tuple[str, ...] | None:
        """Return what is to be measured.

        Raises
        ------
        ValueError
            If that is nothing.
        """
        features = checked_features(self.groups.value, bool(self.images.layers))
        if self.as_mask and features is not None:
            # of a mask as a whole there is nothing else
            return tuple(name for name in features if name in ("size", "intensity")) or None
        return features

    def offer(self, layers: Sequence[Layer]) -> None:
        """Offer images; one alone is measured without being asked for."""
        self.images.offer([layer for layer in layers if isinstance(layer, Image)])
        several = sum(suits(layer, "images") for layer in layers) > 1
        self.images.setVisible(several)
        self.images_label.setVisible(several)

    def align(self, width: int) -> None:
        """Give all labels one width in pixels."""
        for number in range(self.rows.rowCount()):
            item = self.rows.itemAt(number, QFormLayout.ItemRole.LabelRole)
            if item is not None and (label := item.widget()) is not None:
                label.setFixedWidth(width)
