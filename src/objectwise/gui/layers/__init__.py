"""Layers of napari and what a run takes: their axes, pixel size, units and history, read and written in one place."""
