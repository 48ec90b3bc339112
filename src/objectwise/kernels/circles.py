"""The smallest circle around the points of each object."""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled

CLOSE = 1e-12  # how far a point may lie beyond a circle by rounding, in squares of the radius


@compiled
def enclosing_circles(points, starts, circles):
    """Find the smallest circle around each group of points.

    Parameters
    ----------
    points : ndarray of float64, shape (n_points, 2)
    starts : ndarray of int64, shape (n + 1,)
        The stretch of each group; none is empty.
    circles : ndarray of float64, shape (n, 3)
        Written: the centre, and the square of the radius.

    Notes
    -----
    A circle is held by two or three points. As long as a point lies outside, the farthest one is put to those that
    hold it, and the smallest circle around these four is the next. It grows each time, so it comes to an end.
    """
    few_y, few_x = np.empty(4), np.empty(4)
    for index in range(starts.size - 1):
        circle = circles[index]
        circle[0], circle[1] = points[starts[index], 0], points[starts[index], 1]
        circle[2] = 0.0
        few_y[0], few_x[0] = circle[0], circle[1]
        n_few = 1
        while True:
            farthest = circle[2] * (1 + CLOSE)
            outside = -1
            for point in range(starts[index], starts[index + 1]):
                squared = (points[point, 0] - circle[0]) ** 2 + (points[point, 1] - circle[1]) ** 2
                if squared > farthest:
                    farthest = squared
                    outside = point
            if outside < 0:
                break
            few_y[n_few], few_x[n_few] = points[outside, 0], points[outside, 1]
            n_few += 1
            smallest = np.inf
            first, second, third = 0, 0, 0
            centre_y, centre_x = 0.0, 0.0
            for i in range(n_few):
                for j in range(i + 1, n_few):
                    # the third point is the second where two hold the circle
                    for k in range(j, n_few):
                        by, bx = few_y[j] - few_y[i], few_x[j] - few_x[i]
                        cy, cx = few_y[k] - few_y[i], few_x[k] - few_x[i]
                        y, x = by / 2, bx / 2
                        if k > j:
                            turn = 2 * (by * cx - bx * cy)
                            if turn == 0:
                                continue
                            b, c = by * by + bx * bx, cy * cy + cx * cx
                            y, x = (cx * b - bx * c) / turn, (by * c - cy * b) / turn
                        squared = y * y + x * x
                        if squared >= smallest:
                            continue
                        y += few_y[i]
                        x += few_x[i]
                        holds = True
                        for other in range(n_few):
                            away = (few_y[other] - y) ** 2 + (few_x[other] - x) ** 2
                            holds = holds and away <= squared * (1 + CLOSE)
                        if holds:
                            smallest = squared
                            first, second, third = i, j, k
                            centre_y, centre_x = y, x
            if not circle[2] < smallest < np.inf:
                # no more than rounding is left
                break
            circle[0], circle[1], circle[2] = centre_y, centre_x, smallest
            for place, kept in enumerate((first, second, third)):
                few_y[place], few_x[place] = few_y[kept], few_x[kept]
            n_few = 3 if third > second else 2
