"""Convex hulls of objects in 3-D, from the ends of their lines: volumes and largest diameters.

A voxel stands for the middles of its six faces. These lie on whole half voxels, and never in one plane, however flat
the object is: all tests are exact ones of integers, and no case is a special one. A library works in floating point,
needs a call for each object, and refuses flat ones. Products stay within 64 bits for boxes of up to 2^18 voxels a side.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled
from objectwise.kernels.runs import MAX_Y, MAX_Z, MIN_X, MIN_Y, MIN_Z, NOWHERE

# the corners of the four faces of a tetrahedron, and the face beyond the side that begins at each
FIRST_CORNERS = np.array([(0, 1, 2), (1, 0, 3), (2, 1, 3), (0, 2, 3)])
FIRST_NEIGHBOURS = np.array([(1, 2, 3), (0, 3, 2), (0, 1, 3), (0, 2, 1)])


@compiled
def list_corners(first, last, start, n_planes, height, min_x):
    """List the ends of lines that may be corners of the convex hull of an object's voxels.

    Returns
    -------
    ndarray of int64, shape (n, 4)
        Plane, row and column in the box, and -1 for the first voxel of a line, 1 for the last.

    Notes
    -----
    What lies not beyond the middle between the ends of two opposite lines beside it is no corner.
    """
    corners = np.empty((256, 4), dtype=np.int64)
    n = 0
    for z in range(n_planes):
        for y in range(height):
            line = start + z * height + y
            if last[line] < 0:
                continue
            low = True
            high = True
            for step_z, step_y in ((0, 1), (1, 0), (1, 1), (1, -1)):
                if not (step_z <= z < n_planes - step_z and abs(step_y) <= y < height - abs(step_y)):
                    continue
                one = line - step_z * height - step_y
                other = line + step_z * height + step_y
                if last[one] >= 0 and last[other] >= 0:
                    low &= np.int64(first[one]) + first[other] > 2 * np.int64(first[line])
                    high &= np.int64(last[one]) + last[other] < 2 * np.int64(last[line])
            if n + 2 > corners.shape[0]:
                larger = np.empty((2 * corners.shape[0], 4), dtype=np.int64)
                for row in range(n):
                    for column in range(4):
                        larger[row, column] = corners[row, column]
                corners = larger
            for side in (-1, 1):
                if low if side < 0 else high:
                    corners[n, 0] = z
                    corners[n, 1] = y
                    corners[n, 2] = (first[line] if side < 0 else last[line]) - min_x
                    corners[n, 3] = side
                    n += 1
    return corners[:n]


@compiled
def middles(corners, first, last, start, n_planes, height, min_x):
    """List the middles of faces of corners that may be corners of the hull of all middles, in half voxels.

    Returns
    -------
    points : ndarray of int64, shape (n, 3)
    owner : ndarray of int64, shape (n,)
        The corner of each.

    Notes
    -----
    A voxel stands for the middle at the end of its line, and for those of the four faces beside it. Such a face is
    between the voxel and the next line. Where that line has voxels up to this one, the middle lies between others.
    """
    points = np.empty((5 * corners.shape[0], 3), dtype=np.int64)
    owner = np.empty(5 * corners.shape[0], dtype=np.int64)
    n = 0
    for corner in range(corners.shape[0]):
        z = corners[corner, 0]
        y = corners[corner, 1]
        x = corners[corner, 2]
        for number in range(5):
            step_z = (number == 0) - (number == 1)
            step_y = (number == 2) - (number == 3)
            near_z = z + step_z
            near_y = y + step_y
            if number < 4 and 0 <= near_z < n_planes and 0 <= near_y < height:
                line = start + near_z * height + near_y
                if first[line] - min_x <= x + 1 and last[line] - min_x >= x - 1:
                    continue
            points[n, 0] = 2 * z + step_z
            points[n, 1] = 2 * y + step_y
            points[n, 2] = 2 * x + (corners[corner, 3] if number == 4 else 0)
            owner[n] = corner
            n += 1
    return points[:n], owner[:n]


@compiled
def _plane(points, a, b, c, plane):
    """Write the normal of a triangle, and the product with it that its points have."""
    u0 = points[b, 0] - points[a, 0]
    u1 = points[b, 1] - points[a, 1]
    u2 = points[b, 2] - points[a, 2]
    v0 = points[c, 0] - points[a, 0]
    v1 = points[c, 1] - points[a, 1]
    v2 = points[c, 2] - points[a, 2]
    plane[0] = u1 * v2 - u2 * v1
    plane[1] = u2 * v0 - u0 * v2
    plane[2] = u0 * v1 - u1 * v0
    plane[3] = plane[0] * points[a, 0] + plane[1] * points[a, 1] + plane[2] * points[a, 2]


@compiled
def above(plane, point):
    """Return how far a point lies outside of a plane; not in units of length."""
    return plane[0] * point[0] + plane[1] * point[1] + plane[2] * point[2] - plane[3]


@compiled
def _put(table, row, one, two, three):
    """Write a row; three plain stores are compiled faster than one of a tuple."""
    table[row, 0] = one
    table[row, 1] = two
    table[row, 2] = three


@compiled
def _tetrahedron(points, vertices, planes, near):
    """Write four faces that bound a part of the hull, outward."""
    n = points.shape[0]
    # a plain zero would be a type of its own, for which all below is compiled once more
    a = n - 1
    b = n - 1
    for p in range(n):
        if points[p, 0] < points[a, 0]:
            a = p
        if points[p, 0] > points[b, 0]:
            b = p
    plane = np.empty(4, dtype=np.int64)
    c = a
    most = np.int64(0)
    for p in range(n):
        _plane(points, a, b, p, plane)
        size = abs(plane[0]) + abs(plane[1]) + abs(plane[2])
        if size > most:
            c = p
            most = size
    _plane(points, a, b, c, plane)
    d = a
    most = np.int64(0)
    for p in range(n):
        size = abs(above(plane, points[p]))
        if size > most:
            d = p
            most = size
    if above(plane, points[d]) > 0:
        a, b = b, a
    four = (a, b, c, d)
    for face in range(4):
        for side in range(3):
            vertices[face, side] = four[FIRST_CORNERS[face, side]]
            near[face, side] = FIRST_NEIGHBOURS[face, side]
    for face in range(4):
        _plane(points, vertices[face, 0], vertices[face, 1], vertices[face, 2], planes[face])


@compiled
def hull(points):
    """Find the faces of the convex hull of points that do not lie in one plane.

    Parameters
    ----------
    points : ndarray of int64, shape (n, 3)

    Returns
    -------
    planes : ndarray of int64, shape (n_faces, 4)
        The outward normal of each face, and the product with it of the points of the face. A face of more than three
        corners may come several times.
    corners : ndarray of int64, shape (n_faces, 3)
        The points of each face.
    near : ndarray of int64, shape (n_faces, 3)
        The face beyond the side that begins at each of them.

    Notes
    -----
    A point waits with a face that it lies outside of. The farthest one of a face takes the place of all faces that it
    lies outside of; those that waited there wait with one of the new faces, or are inside. A point in the plane of a
    face counts as inside of it, so that no triangle without an area is ever made.

    References
    ----------
    Barber CB, Dobkin DP, Huhdanpaa H (1996) The Quickhull algorithm for convex hulls. ACM Transactions on
    Mathematical Software 22(4):469-483.
    """
    n = points.shape[0]
    vertices = np.empty((2 * n + 4, 3), dtype=np.int64)
    near = np.empty((2 * n + 4, 3), dtype=np.int64)
    planes = np.empty((2 * n + 4, 4), dtype=np.int64)
    visible = np.zeros(2 * n + 4, dtype=np.bool_)
    alive = np.zeros(2 * n + 4, dtype=np.bool_)
    waiting = np.full(2 * n + 4, -1, dtype=np.int64)
    after = np.empty(n, dtype=np.int64)
    face_from = np.empty(n, dtype=np.int64)
    seen = np.empty(2 * n + 4, dtype=np.int64)
    fresh = np.empty(2 * n + 4, dtype=np.int64)
    free = np.empty(2 * n + 4, dtype=np.int64)
    n_free = 0
    n_faces = 4
    _tetrahedron(points, vertices, planes, near)
    for face in range(4):
        alive[face] = True
    for p in range(n):
        for face in range(4):
            if above(planes[face], points[p]) > 0:
                after[p] = waiting[face]
                waiting[face] = p
                break
    # a face at or after this one may have points waiting; new faces may come before it, and then set it back
    turn = 0
    while turn < n_faces:
        if not alive[turn] or waiting[turn] < 0:
            turn += 1
            continue
        farthest = waiting[turn]
        most = np.int64(0)
        p = waiting[turn]
        while p >= 0:
            size = above(planes[turn], points[p])
            if size > most:
                most = size
                farthest = p
            p = after[p]
        # the faces that it lies outside of, which hang together
        seen[0] = turn
        visible[turn] = True
        n_seen = 1
        at = 0
        while at < n_seen:
            for side in range(3):
                face = near[seen[at], side]
                if not visible[face] and above(planes[face], points[farthest]) > 0:
                    visible[face] = True
                    seen[n_seen] = face
                    n_seen += 1
            at += 1
        orphans = -1
        for at in range(n_seen):
            p = waiting[seen[at]]
            while p >= 0:
                behind = after[p]
                if p != farthest:
                    after[p] = orphans
                    orphans = p
                p = behind
            waiting[seen[at]] = -1
            alive[seen[at]] = False
        # a new face on each edge of the hole
        n_fresh = 0
        for at in range(n_seen):
            for side in range(3):
                beyond = near[seen[at], side]
                if visible[beyond]:
                    continue
                if n_free > 0:
                    n_free -= 1
                    face = free[n_free]
                else:
                    face = n_faces
                    n_faces += 1
                a = vertices[seen[at], side]
                b = vertices[seen[at], (side + 1) % 3]
                _put(vertices, face, a, b, farthest)
                _plane(points, a, b, farthest, planes[face])
                near[face, 0] = beyond
                for other in range(3):
                    if vertices[beyond, other] == b and vertices[beyond, (other + 1) % 3] == a:
                        near[beyond, other] = face
                alive[face] = True
                face_from[a] = face
                fresh[n_fresh] = face
                n_fresh += 1
                turn = min(turn, face)
        for at in range(n_fresh):
            beside = face_from[vertices[fresh[at], 1]]
            near[fresh[at], 1] = beside
            near[beside, 2] = fresh[at]
        for at in range(n_seen):
            visible[seen[at]] = False
            free[n_free] = seen[at]
            n_free += 1
        while orphans >= 0:
            behind = after[orphans]
            for at in range(n_fresh):
                if above(planes[fresh[at]], points[orphans]) > 0:
                    after[orphans] = waiting[fresh[at]]
                    waiting[fresh[at]] = orphans
                    break
            orphans = behind
    kept = 0
    for face in range(n_faces):
        if alive[face]:
            # what waited is done with: from here on the place of the face among those that are left
            waiting[face] = kept
            kept += 1
    kept = 0
    for face in range(n_faces):
        if alive[face]:
            _put(near, kept, waiting[near[face, 0]], waiting[near[face, 1]], waiting[near[face, 2]])
            _put(vertices, kept, vertices[face, 0], vertices[face, 1], vertices[face, 2])
            for column in range(4):
                planes[kept, column] = planes[face, column]
            kept += 1
    return planes[:kept], vertices[:kept], near[:kept]


@compiled
def _fill(points, planes, faces, start, n_planes, height, min_x, first, last):
    """Count the voxels whose centre is in a polyhedron or on its border, and write its line ends.

    Notes
    -----
    Each face ends the lines that run through it, which begin on one side and end on the other. Lines that run through
    an edge of two faces are ended by both, at the same point.
    """
    stop = start + n_planes * height
    first[start:stop] = NOWHERE
    last[start:stop] = -1
    for face in range(planes.shape[0]):
        along = 2 * planes[face, 2]
        if along == 0:
            continue
        low_z = min(points[faces[face, 0], 0], points[faces[face, 1], 0], points[faces[face, 2], 0])
        high_z = max(points[faces[face, 0], 0], points[faces[face, 1], 0], points[faces[face, 2], 0])
        for z in range((low_z + 1) // 2, high_z // 2 + 1):
            low = height
            high = -1
            for side in range(3):
                a = faces[face, side]
                b = faces[face, (side + 1) % 3]
                if points[a, 0] > points[b, 0]:
                    a, b = b, a
                steps = points[b, 0] - points[a, 0]
                if steps == 0 or not points[a, 0] <= 2 * z <= points[b, 0]:
                    continue
                y = points[a, 1] * steps + (points[b, 1] - points[a, 1]) * (2 * z - points[a, 0])
                low = min(low, -(-y // (2 * steps)))
                high = max(high, y // (2 * steps))
            for y in range(low, high + 1):
                rest = planes[face, 3] - 2 * (z * planes[face, 0] + y * planes[face, 1])
                if along > 0:
                    last[start + z * height + y] = min_x + rest // along
                else:
                    first[start + z * height + y] = min_x - rest // -along
    total = 0
    for line in range(start, stop):
        if last[line] < first[line]:
            first[line] = NOWHERE
            last[line] = -1
        else:
            total += last[line] - first[line] + 1
    return total


@compiled
def _largest_distance(corners, spacing_z, spacing_y, spacing_x):
    """Find the largest distance between two middles of faces of some voxels, squared.

    Notes
    -----
    The middles of the faces of two voxels differ by the difference of the voxels and at most one further
    voxel along one axis; a half voxel along each of two axes is never farther than the better of the two.
    """
    largest = 0.0
    for a in range(corners.shape[0]):
        for b in range(a + 1):
            z = abs(corners[a, 0] - corners[b, 0]) * spacing_z
            y = abs(corners[a, 1] - corners[b, 1]) * spacing_y
            x = abs(corners[a, 2] - corners[b, 2]) * spacing_x
            more = max(
                spacing_z * (2 * z + spacing_z),
                spacing_y * (2 * y + spacing_y),
                spacing_x * (2 * x + spacing_x),
            )
            largest = max(largest, z * z + y * y + x * x + more)
    return largest


@compiled
def fill_solid_hulls(record, offsets, first, last, spacing, many, n_convex, diameters):
    """Count the voxels in the convex hull of each object, and find its largest diameter, in 3-D.

    Parameters
    ----------
    record : ndarray of int64, shape (n, 16)
    offsets : ndarray of int64, shape (n,)
    first, last : ndarray of int32, shape (total number of lines,)
        What `find_line_ends` wrote; overwritten with the line ends of the filled hulls.
    spacing : tuple of three float
    many : int
        Number of possible corners above which finding their hull is faster than comparing all pairs; negative where
        no diameter is wanted.
    n_convex : ndarray of int64, shape (n,)
        Written: number of voxels whose centre is in the hull or on its border.
    diameters : ndarray of float64, shape (n,)
        Written where wanted: the largest distance between two middles of faces of these voxels, squared.
    """
    for index in range(record.shape[0]):
        start = offsets[index]
        min_x = record[index, MIN_X]
        n_planes = record[index, MAX_Z] - record[index, MIN_Z]
        height = record[index, MAX_Y] - record[index, MIN_Y]
        corners = list_corners(first, last, start, n_planes, height, min_x)
        points, _ = middles(corners, first, last, start, n_planes, height, min_x)
        planes, faces, _ = hull(points)
        n_convex[index] = _fill(points, planes, faces, start, n_planes, height, min_x, first, last)
        if many < 0:
            continue
        corners = list_corners(first, last, start, n_planes, height, min_x)
        if corners.shape[0] > many:
            points, owner = middles(corners, first, last, start, n_planes, height, min_x)
            _, faces, _ = hull(points)
            needed = np.zeros(corners.shape[0], dtype=np.bool_)
            for face in range(faces.shape[0]):
                for side in range(3):
                    needed[owner[faces[face, side]]] = True
            n = 0
            for corner in range(corners.shape[0]):
                if needed[corner]:
                    _put(corners, n, corners[corner, 0], corners[corner, 1], corners[corner, 2])
                    n += 1
            corners = corners[:n]
        diameters[index] = _largest_distance(corners, spacing[0], spacing[1], spacing[2])
