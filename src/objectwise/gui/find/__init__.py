"""The panel from an image to objects, labels and a table."""
