"""Undo and redo of what this package has done in a viewer: results placed, objects edited, classes given.

Results are new layers, so an operation is undone by taking its layer away and showing again what it had hidden.
Edits of pixels stay on napari's own undo stack, where its Ctrl+Z finds them too: here is only noted which edit was
ours. Whatever a person has painted since then lies above it on that stack, and is undone first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, ref

from napari.layers import Labels, Layer
from psygnal import Signal
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QWidget

from objectwise.gui.table.noted_table import NotedTable, classes_of, give_classes, keep_table, table_of

# bytes that are kept for undo: of layers that were taken away, and of the edits of one layer
LIMIT = 1 << 30
EDITS_LIMIT = 1 << 28
_STEPS = 200


@dataclass
class Deed:
    """Something that was done, and how it is undone and done again."""

    title: str
    undo: Callable[[], object]
    redo: Callable[[], object]
    # whether there still is what it was done to
    alive: Callable[[], bool] = lambda: True
    # what is held while it is undone
    n_bytes: int = 0
    # the edit of a layer on napari's stack
    edit: Edit | None = None


@dataclass(frozen=True)
class Edit:
    """One edit on the undo stack of a layer, known by the object that napari keeps of it."""

    layer: ref[Labels]
    atom: Any = field(repr=False)

    def stands_on(self, name: str) -> bool:
        """Whether it lies on this stack of its layer."""
        layer = self.layer()
        return layer is not None and any(self.atom is atom for item in _stack(layer, name) for atom in item)

    def is_top_of(self, name: str) -> bool:
        """Whether it lies on top of this stack of its layer."""
        stack = _stack(self.layer(), name)
        return bool(stack) and any(self.atom is atom for atom in stack[-1])


def _stack(layer: Labels | None, name: str) -> Sequence[Any]:
    # napari tells nothing of its stacks
    return getattr(layer, f"_{name}_history", ())


class UndoStack:
    """What was done in a viewer, the last one at the end.

    Attributes
    ----------
    changed : Signal
        Something was done, undone or done again.
    """

    changed = Signal()

    def __init__(self, viewer: Any) -> None:
        self._viewer = ref(viewer)
        self._busy = False
        self.done: deque[Deed] = deque(maxlen=_STEPS)
        self.undone: deque[Deed] = deque(maxlen=_STEPS)

    # --- what is noted ---------------------------------------------------------------------------------

    def add(self, deed: Deed) -> None:
        """Note that something was done."""
        self.done.append(deed)
        self.undone.clear()
        self.changed.emit()

    def add_layers(self, title: str, placed: Sequence[Layer], hidden: Sequence[Layer] = ()) -> None:
        """Note that layers were placed, and others hidden."""
        if not placed:
            return
        layers, others = [ref(layer) for layer in placed], [ref(layer) for layer in hidden]
        held: list[tuple[int, Layer]] = []

        def undo() -> None:
            viewer = self._viewer()
            for layer in (found for item in layers if (found := item()) in viewer.layers):
                held.append((viewer.layers.index(layer), layer))
                viewer.layers.remove(layer)
            _show(others, True)

        def redo() -> None:
            for place, layer in reversed(held):
                self._viewer().layers.insert(place, layer)
            held.clear()
            _show(others, False)

        def alive() -> bool:
            viewer = self._viewer()
            return bool(held) or (viewer is not None and any(item() in viewer.layers for item in layers))

        self.add(Deed(title, undo, redo, alive, sum(_bytes_of(layer) for layer in placed)))

    def add_edit(self, title: str, layer: Labels) -> None:
        """Note the last edit of a layer."""
        stack = _stack(layer, "undo")
        if stack:
            held = ref(layer)
            undo, redo = layer_method(held, "undo"), layer_method(held, "redo")
            self.add(Deed(title, undo, redo, self.has(held), edit=Edit(held, stack[-1][0])))

    def has(self, layer: ref[Any]) -> Callable[[], bool]:
        """Return what tells whether a layer is in the viewer."""

        def there() -> bool:
            viewer = self._viewer()
            return viewer is not None and layer() in viewer.layers

        return there

    def add_table(self, title: str, layer: Labels, before: NotedTable | None) -> None:
        """Note that a layer has got another table."""
        held, after = ref(layer), table_of(layer)

        def put(noted: NotedTable | None) -> Callable[[], None]:
            return lambda: keep_table(found, noted) if (found := held()) is not None else None

        self.add(Deed(title, put(before), put(after), self.has(held)))

    def add_classes(self, title: str, layer: Labels, classes: Mapping[int, str]) -> None:
        """Give objects of a layer other classes, and note it."""
        held, before = ref(layer), classes_of(layer)

        def put(names: Mapping[int, str]) -> Callable[[], None]:
            return lambda: give_classes(found, names) if (found := held()) is not None else None

        redo = put(dict(classes))
        redo()
        self.add(Deed(title, put(before), redo, self.has(held)))

    # --- undo and redo ---------------------------------------------------------------------------------

    def next_undo(self) -> str:
        """Say what would be undone; empty where there is nothing."""
        deed = self._top(self.done, "undo")
        if deed is None:
            return ""
        above = deed.edit is not None and not deed.edit.is_top_of("undo")
        return f"painting in {deed.edit.layer().name}" if above else deed.title

    def next_redo(self) -> str:
        """Say what would be done again; empty where there is nothing."""
        deed = self._top(self.undone, "redo")
        return "" if deed is None else deed.title

    def undo(self) -> str:
        """Undo what was done last, and return what it was."""
        title = self.next_undo()
        if not title:
            return ""
        deed = self.done[-1]
        above = deed.edit is not None and not deed.edit.is_top_of("undo")
        with self._acting():
            deed.undo()
            if not above:
                self.undone.append(self.done.pop())
                self._bound()
        return title

    def redo(self) -> str:
        """Do again what was undone last, and return what it was."""
        title = self.next_redo()
        if not title:
            return ""
        deed = self.undone[-1]
        top = deed.edit is None or deed.edit.is_top_of("redo")
        with self._acting():
            deed.redo()
            if top:
                self.done.append(self.undone.pop())
        return title

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """Undo or redo something: what it sets off in the viewer finds the stack neither here nor there."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        self.changed.emit()

    def _top(self, deeds: deque[Deed], name: str) -> Deed | None:
        """Return the last of some deeds; edits that napari has undone, done again or forgotten are put right."""
        other, elsewhere = (self.undone, "redo") if deeds is self.done else (self.done, "undo")
        while deeds and not self._busy:
            deed = deeds[-1]
            if deed.alive() and (deed.edit is None or deed.edit.stands_on(name)):
                return deed
            deeds.pop()
            if deed.edit is not None and deed.edit.stands_on(elsewhere):
                other.append(deed)
        return None

    def _bound(self) -> None:
        """Forget the oldest of what is held for redo, where it is too much."""
        while len(self.undone) > 1 and sum(deed.n_bytes for deed in self.undone) > LIMIT:
            self.undone.popleft()


def layer_method(layer: ref[Layer], name: str) -> Callable[[], None]:
    """Return what calls a method of a layer that may be gone."""

    def call() -> None:
        found = layer()
        if found is not None:
            getattr(found, name)()

    return call


def _show(layers: Sequence[ref[Layer]], visible: bool) -> None:
    for item in layers:
        layer = item()
        if layer is not None:
            layer.visible = visible


def _bytes_of(layer: Layer) -> int:
    return int(getattr(layer.data, "nbytes", 0))


# --- the memory of napari's stack ----------------------------------------------------------------------


def bytes_of_edits(layer: Labels) -> int:
    """Return how much a layer holds to undo and redo its edits."""
    return sum(_size(atom) for name in ("undo", "redo") for item in _stack(layer, name) for atom in item)


def _size(part: Any) -> int:
    if isinstance(part, tuple):
        return sum(_size(item) for item in part)
    return int(getattr(part, "nbytes", 0))


def bound_edits(layer: Labels) -> int:
    """Forget the oldest edits of a layer where they take too much memory; return how many."""
    stack, n = _stack(layer, "undo"), 0
    while len(stack) > 1 and bytes_of_edits(layer) > EDITS_LIMIT:
        stack.popleft()
        n += 1
    return n


_kept: WeakKeyDictionary[Any, UndoStack] = WeakKeyDictionary()


def undo_stack(viewer: Any) -> UndoStack:
    """Return the stack of a viewer: always the same for the same viewer."""
    # a window hands out a proxy of its viewer now and then
    viewer = getattr(viewer, "__wrapped__", viewer)
    if viewer not in _kept:
        _kept[viewer] = UndoStack(viewer)
    return _kept[viewer]


def undo_keys(dock: QWidget, viewer: Any) -> None:
    """Let Ctrl+Z and Ctrl+Shift+Z in a dock undo and redo what was done in its viewer."""
    stack = undo_stack(viewer)
    for key, act in (
        (QKeySequence.StandardKey.Undo, stack.undo),
        (QKeySequence.StandardKey.Redo, stack.redo),
    ):
        shortcut = QShortcut(QKeySequence(key), dock)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)
