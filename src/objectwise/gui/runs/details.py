"""What is behind the sentence about an error: where it happened, for whoever has to mend it."""

from __future__ import annotations

import platform
import traceback
from importlib.metadata import PackageNotFoundError, version

from qtpy.QtWidgets import QApplication, QDialog, QDialogButtonBox, QPlainTextEdit, QToolButton, QVBoxLayout

_PACKAGES = ("napari-objectwise", "napari", "numpy", "scipy", "scikit-image", "numba")


def details_of(error: BaseException) -> str:
    """Return an error with its traceback, and the versions that it happened with, as a text.

    A text, as a traceback that is kept would keep all arrays that were worked on.
    """
    versions = [f"Python {platform.python_version()} on {platform.platform()}"]
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name}, not installed")
    return "".join(traceback.format_exception(error)) + "\n" + "\n".join(versions) + "\n"


class DetailsButton(QToolButton):
    """Shows the details of the last error in a window, from which they can be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.text_shown = ""
        self.setText("Details")
        self.setAutoRaise(True)
        self.setToolTip("Where this happened, to be copied into a report")
        self.clicked.connect(self.open)
        self.hide()

    def offer(self, text: str) -> None:
        """Keep these details at hand; none where the text is empty."""
        self.text_shown = text
        self.setVisible(bool(text))

    def open(self) -> QDialog:
        """Open the window."""
        dialog = QDialog(self)
        dialog.setWindowTitle("Objectwise: details")
        dialog.resize(720, 420)
        view = QPlainTextEdit(self.text_shown)
        view.setReadOnly(True)
        view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QApplication.clipboard().setText(view.toPlainText()))
        buttons.rejected.connect(dialog.close)
        column = QVBoxLayout(dialog)
        column.addWidget(view)
        column.addWidget(buttons)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()
        return dialog
