"""The table of a layer: its rows, one selection with the canvas, its age, plots and colours."""
