"""The page of a method in a window beside napari: the words of the site, without a network."""

from __future__ import annotations

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from objectwise.core.method import methods
from objectwise.reference import page


class ReferenceWindow(QDialog):
    """Shows the page of one method; names of other methods in it lead to theirs."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.browser = QTextBrowser()
        self.browser.setOpenLinks(False)
        self.browser.anchorClicked.connect(self._follow)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.browser)
        self.resize(680, 720)

    def show_method(self, name: str) -> None:
        """Show the page of a method, and bring the window to the front."""
        self.setWindowTitle(f"Objectwise: {methods[name].label}")
        self.browser.setMarkdown(page(methods[name]).replace("&nbsp;", "\u00a0"))
        self.show()
        self.raise_()

    def _follow(self, url: QUrl) -> None:
        name = url.fileName().removesuffix(".md")
        if name in methods:
            self.show_method(name)
        elif url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
