"""Files: images in and out with their calibration, and pictures of results for people to look at."""

from objectwise.io.images import ImageFile, ImageFileError, is_image, read_image, supported, write_image
from objectwise.io.pictures import draw_classes, draw_objects, side_by_side

__all__ = [
    "ImageFile",
    "ImageFileError",
    "draw_classes",
    "draw_objects",
    "is_image",
    "read_image",
    "side_by_side",
    "supported",
    "write_image",
]
