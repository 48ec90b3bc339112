"""What a person has set in napari's Preferences, read in this one place.

What can be set is declared in ``napari.yaml``. Older versions of napari have no such page; there, and where the package
runs without being installed as a plugin, everything is as it is here by default.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

PLUGIN = "napari-objectwise"


@dataclass(frozen=True)
class Preferences:
    """What can be set; the names are those of the manifest.

    Parameters
    ----------
    preview : {'usual', 'always', 'never'}
        Whether the preview is on when a dock opens: where it is quick, everywhere, or nowhere.
    remember : bool
        Whether a form starts with the values that were used last.
    lengths : {'unit', 'pixels'}
        In what lengths are typed.
    """

    preview: str = "usual"
    remember: bool = True
    lengths: str = "unit"

    def starts_with_preview(self, usual: bool) -> bool:
        """Whether the preview of a dock is on at first."""
        return usual if self.preview == "usual" else self.preview == "always"


def preferences() -> Preferences:
    """Return what is set now."""
    try:
        from napari.settings import get_plugin_settings

        docks = get_plugin_settings(PLUGIN).docks
    except (ImportError, KeyError, AttributeError):
        return Preferences()
    return Preferences(**{item.name: getattr(docks, item.name, item.default) for item in fields(Preferences)})


def folder() -> Path | None:
    """Return the folder in which napari keeps its settings; None where it keeps none."""
    from napari.settings import get_settings

    path = get_settings().config_path
    return Path(path).parent if path else None
