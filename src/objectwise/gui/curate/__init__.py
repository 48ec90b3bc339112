"""Objects changed by hand, and undo."""
