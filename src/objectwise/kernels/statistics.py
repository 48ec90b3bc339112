"""Compiled loops that measure all objects of a labels block in one pass over its pixels.

scikit-image visits one object after the other and, for each, builds a Python object, a cropped mask and a
dozen small arrays; with thousands of small objects that overhead is all of the time. Here the labels are
read once and written down as runs (a run is a stretch of one label along x). All that concerns shape then
works on runs, of which there are far fewer than pixels: sums of positions have closed forms, and neighbours
are found by comparing the ends of runs in adjacent lines. These sums are integers, so that they are exact.

Labels are always a 3-D array here, a 2-D image having one plane: one compiled version serves both. Only the
loops that touch the values of an image are compiled for more than one type, since converting an image takes
longer than measuring it.

Functions write into arrays that the caller made, but for the one that does not know the size beforehand.
None of them is parallel: a caller that has many blocks runs them on threads, which is why the interpreter
lock is released.
"""

from __future__ import annotations

import numpy as np

from objectwise.kernels import compiled

# columns of a run
LABEL, LINE, START, STOP = 0, 1, 2, 3

# columns of the record of an object: number of pixels, sums of positions, of their products, and the box
N_PIXELS = 0
SUM_Z, SUM_Y, SUM_X = 1, 2, 3
SUM_ZZ, SUM_YY, SUM_XX, SUM_ZY, SUM_ZX, SUM_YX = 4, 5, 6, 7, 8, 9
MIN_Z, MIN_Y, MIN_X, MAX_Z, MAX_Y, MAX_X = 10, 11, 12, 13, 14, 15
N_RECORD = 16

# columns of the crossing numbers of an object
ALONG_X, ALONG_Y, DIAGONAL = 0, 1, 2
N_CROSSINGS = 3

# columns of the statistics of an object's values
MINIMUM, MAXIMUM, MEAN, DEVIATION, MEDIAN, SUM = 0, 1, 2, 3, 4, 5
N_STATISTICS = 6

# the first column of a line that holds no pixel of the object; its last column is -1
NOWHERE = 2**31 - 1


def prepare_labels(labels: np.ndarray) -> np.ndarray:
    """Return labels as the loops want them: int32, 3-D, C order, read-only.

    Parameters
    ----------
    labels : ndarray of int, shape ([Z,] Y, X)
        Ids that fit int32.

    Returns
    -------
    ndarray of int32, shape (Z, Y, X)
        A view where the input has this type and order already.
    """
    prepared = _as_volume(np.ascontiguousarray(labels, dtype=np.int32))
    prepared.flags.writeable = False
    return prepared


def prepare_image(image: np.ndarray) -> np.ndarray:
    """Return an image as the loops want it: one of four types, 3-D, C order, read-only.

    Parameters
    ----------
    image : ndarray, shape ([Z,] Y, X)
        Any real dtype.

    Returns
    -------
    ndarray of uint8, uint16, float32 or float64, shape (Z, Y, X)
        A view where the input has this type and order already. Other types become float32 where that
        holds them exactly, and float64 else.
    """
    dtype = image.dtype.newbyteorder("=")
    if dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        dtype = np.dtype(np.float32 if np.can_cast(dtype, np.float32, casting="safe") else np.float64)
    prepared = _as_volume(np.ascontiguousarray(image, dtype=dtype))
    prepared.flags.writeable = False
    return prepared


def _as_volume(block: np.ndarray) -> np.ndarray:
    """Return a new view of a block, with a first axis of one plane where it is 2-D."""
    return block[None] if block.ndim == 2 else block.view()


@compiled
def encode_runs(labels):
    """Write labels down as runs.

    Parameters
    ----------
    labels : ndarray of int32, shape (Z, Y, X)

    Returns
    -------
    runs : ndarray of int32, shape (n_runs, 4)
        Label, line (plane * Y + row), first column and one past the last column; in raster order, without
        the background.
    line_starts : ndarray of int64, shape (Z * Y + 1,)
        The first run of each line.
    """
    n_z, n_y, n_x = labels.shape
    line_starts = np.zeros(n_z * n_y + 1, dtype=np.int64)
    runs = np.empty((max(1024, n_z * n_y * 8), 4), dtype=np.int32)
    n = 0
    for z in range(n_z):
        for y in range(n_y):
            if n + n_x > runs.shape[0]:
                larger = np.empty((2 * runs.shape[0] + n_x, 4), dtype=np.int32)
                larger[:n] = runs[:n]
                runs = larger
            row = labels[z, y]
            x = 0
            while x < n_x:
                label = row[x]
                start = x
                x += 1
                while x < n_x and row[x] == label:
                    x += 1
                if label != 0:
                    entry = runs[n]
                    entry[LABEL] = label
                    entry[LINE] = z * n_y + y
                    entry[START] = start
                    entry[STOP] = x
                    n += 1
            line_starts[z * n_y + y + 1] = n
    return runs[:n], line_starts


@compiled
def accumulate_geometry(runs, n_y, record):
    """Add up the positions of the pixels of each object, and find its box.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    n_y : int
        Number of rows of a plane.
    record : ndarray of int64, shape (n, 16)
        Zeros; written. Positions are counted from the corner of the image; the box is half-open.
    """
    for index in range(runs.shape[0]):
        line = np.int64(runs[index, LINE])
        start = np.int64(runs[index, START])
        stop = np.int64(runs[index, STOP])
        z = line // n_y
        y = line - z * n_y
        length = stop - start
        # the sums of x and x * x over start .. stop - 1
        sum_x = (start + stop - 1) * length // 2
        sum_xx = ((stop - 1) * stop * (2 * stop - 1) - (start - 1) * start * (2 * start - 1)) // 6
        entry = record[runs[index, LABEL]]
        if entry[N_PIXELS] == 0:
            entry[MIN_Z] = z
            entry[MIN_Y] = y
            entry[MIN_X] = start
        entry[MAX_Z] = z + 1
        entry[MIN_Y] = min(entry[MIN_Y], y)
        entry[MAX_Y] = max(entry[MAX_Y], y + 1)
        entry[MIN_X] = min(entry[MIN_X], start)
        entry[MAX_X] = max(entry[MAX_X], stop)
        entry[N_PIXELS] += length
        entry[SUM_Z] += z * length
        entry[SUM_Y] += y * length
        entry[SUM_X] += sum_x
        entry[SUM_ZZ] += z * z * length
        entry[SUM_YY] += y * y * length
        entry[SUM_XX] += sum_xx
        entry[SUM_ZY] += z * y * length
        entry[SUM_ZX] += z * sum_x
        entry[SUM_YX] += y * sum_x


@compiled
def count_crossings(runs, line_starts, crossings):
    """Count how often the lattice lines of each direction cross the border of each object, in 2-D.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    line_starts : ndarray of int64, shape (Y + 1,)
    crossings : ndarray of int64, shape (n, 3)
        Zeros; written: pairs of neighbours of which one is in the object and the other is not, along x,
        along y, and along both diagonals together. What lies outside of the image is not in the object.

    Notes
    -----
    Every pixel has two neighbours in each direction. So there are twice as many crossings as pixels, less
    two for each pair of neighbours that are both in the object.
    """
    for index in range(runs.shape[0]):
        entry = crossings[runs[index, LABEL]]
        length = runs[index, STOP] - runs[index, START]
        entry[ALONG_X] += 2
        entry[ALONG_Y] += 2 * length
        entry[DIAGONAL] += 4 * length
    for line in range(line_starts.size - 2):
        below = line_starts[line + 1]
        end = line_starts[line + 2]
        for index in range(line_starts[line], line_starts[line + 1]):
            label = runs[index, LABEL]
            start = runs[index, START]
            stop = runs[index, STOP]
            # a diagonal neighbour lies one column beside
            while below < end and runs[below, STOP] < start:
                below += 1
            other = below
            while other < end and runs[other, START] <= stop:
                if runs[other, LABEL] == label:
                    first = runs[other, START]
                    last = runs[other, STOP]
                    entry = crossings[label]
                    entry[ALONG_Y] -= 2 * max(0, min(stop, last) - max(start, first))
                    entry[DIAGONAL] -= 2 * max(0, min(stop + 1, last) - max(start + 1, first))
                    entry[DIAGONAL] -= 2 * max(0, min(stop - 1, last) - max(start - 1, first))
                other += 1


@compiled
def find_line_ends(runs, n_y, record, low, high, offsets, first, last):
    """Find the first and the last column of each object in each line along x of its box.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    n_y : int
        Number of rows of a plane.
    record : ndarray of int64, shape (n, 16)
    low, high : int
        The objects to look at, half-open.
    offsets : ndarray of int64, shape (high - low,)
        Where the lines of each of them begin in the arrays below; plane after plane of its box.
    first, last : ndarray of int32, shape (total number of lines,)
        Written; `NOWHERE` and -1 for a line without a pixel of the object.
    """
    first[:] = NOWHERE
    last[:] = -1
    for index in range(runs.shape[0]):
        label = runs[index, LABEL]
        if label < low or label >= high:
            continue
        z = runs[index, LINE] // n_y
        y = runs[index, LINE] - z * n_y
        entry = record[label]
        height = entry[MAX_Y] - entry[MIN_Y]
        line = offsets[label - low] + (z - entry[MIN_Z]) * height + y - entry[MIN_Y]
        first[line] = min(first[line], runs[index, START])
        last[line] = max(last[line], runs[index, STOP] - 1)


@compiled
def _lower_chain(position, value, n, chain):
    """Find the corners of the lower convex border of points with increasing positions.

    Parameters
    ----------
    position, value : ndarray of int64
    n : int
        Number of points.
    chain : ndarray of int64
        Written: the indices of the corners. Points on a straight line between two corners are left out.

    Returns
    -------
    int
        Number of corners.

    References
    ----------
    Andrew AM (1979) Another efficient algorithm for convex hulls in two dimensions. Information Processing
    Letters 9(5):216-219.
    """
    size = 0
    for index in range(n):
        while size > 1:
            a = chain[size - 2]
            b = chain[size - 1]
            left = (value[b] - value[a]) * (position[index] - position[a])
            if left < (value[index] - value[a]) * (position[b] - position[a]):
                break
            size -= 1
        chain[size] = index
        size += 1
    return size


@compiled
def _diamond_ends(first, last, start, height, position, lowest, highest):
    """List the corners of the diamonds of the pixels at line ends, in half pixels.

    A pixel at row r and column c stands for the four middles of its edges: (2r, 2c - 1), (2r, 2c + 1),
    (2r - 1, 2c) and (2r + 1, 2c), rows being counted from one half pixel above the box.

    Returns
    -------
    int
        Number of rows of half pixels that hold a corner; ``lowest`` has the smallest column of each and
        ``highest`` the largest one, negated, so that both are lower borders.
    """
    n = 0
    for t in range(2 * height + 1):
        if t % 2 == 1:
            line = start + t // 2
            if last[line] < 0:
                continue
            low = 2 * np.int64(first[line]) - 1
            high = 2 * np.int64(last[line]) + 1
        else:
            low = np.int64(4) * NOWHERE
            high = np.int64(-1)
            if t > 0 and last[start + t // 2 - 1] >= 0:
                low = 2 * np.int64(first[start + t // 2 - 1])
                high = 2 * np.int64(last[start + t // 2 - 1])
            if t < 2 * height and last[start + t // 2] >= 0:
                low = min(low, 2 * np.int64(first[start + t // 2]))
                high = max(high, 2 * np.int64(last[start + t // 2]))
            if high < 0:
                continue
        position[n] = t
        lowest[n] = low
        highest[n] = -high
        n += 1
    return n


@compiled
def _fill_side(position, value, chain, start, height, ends, negate):
    """Write for each row of pixels the first column at or after a convex border."""
    segment = 0
    for r in range(height):
        t = 2 * r + 1
        while position[chain[segment + 1]] < t:
            segment += 1
        a = chain[segment]
        b = chain[segment + 1]
        span = position[b] - position[a]
        # the border at t, times span; a column is two half pixels, and // rounds down
        border = value[a] * span + (value[b] - value[a]) * (t - position[a])
        column = -((-border) // (2 * span))
        ends[start + r] = -column if negate else column


@compiled
def fill_hulls(record, offsets, first, last, spacing_y, spacing_x, n_convex, diameters):
    """Count the pixels in the convex hull of each object, and find its largest diameter, in 2-D.

    Parameters
    ----------
    record : ndarray of int64, shape (n, 16)
    offsets : ndarray of int64, shape (n,)
    first, last : ndarray of int32, shape (total number of lines,)
        What `find_line_ends` wrote; overwritten with the line ends of the filled hulls.
    spacing_y, spacing_x : float
    n_convex : ndarray of int64, shape (n,)
        Written: number of pixels whose centre is in the hull or on its border.
    diameters : ndarray of float64, shape (n,)
        Written: the largest distance between two middles of edges of these pixels, squared.

    Notes
    -----
    A pixel stands for the middles of its four edges, as in ``skimage.morphology.convex_hull_image``. These
    lie on whole half pixels, so that all tests are exact integer ones.
    """
    tallest = 0
    for index in range(record.shape[0]):
        tallest = max(tallest, record[index, MAX_Y] - record[index, MIN_Y])
    position = np.empty(2 * tallest + 1, dtype=np.int64)
    lowest = np.empty(2 * tallest + 1, dtype=np.int64)
    highest = np.empty(2 * tallest + 1, dtype=np.int64)
    low_chain = np.empty(2 * tallest + 1, dtype=np.int64)
    high_chain = np.empty(2 * tallest + 1, dtype=np.int64)
    corner_y = np.empty(4 * tallest + 2, dtype=np.int64)
    corner_x = np.empty(4 * tallest + 2, dtype=np.int64)
    for index in range(record.shape[0]):
        start = offsets[index]
        height = record[index, MAX_Y] - record[index, MIN_Y]
        n = _diamond_ends(first, last, start, height, position, lowest, highest)
        n_low = _lower_chain(position, lowest, n, low_chain)
        n_high = _lower_chain(position, highest, n, high_chain)
        _fill_side(position, lowest, low_chain, start, height, first, False)
        _fill_side(position, highest, high_chain, start, height, last, True)
        total = 0
        for line in range(start, start + height):
            if last[line] >= first[line]:
                total += last[line] - first[line] + 1
            else:
                first[line] = NOWHERE
                last[line] = -1
        n_convex[index] = total

        n = _diamond_ends(first, last, start, height, position, lowest, highest)
        n_low = _lower_chain(position, lowest, n, low_chain)
        n_high = _lower_chain(position, highest, n, high_chain)
        for corner in range(n_low):
            corner_y[corner] = position[low_chain[corner]]
            corner_x[corner] = lowest[low_chain[corner]]
        for corner in range(n_high):
            corner_y[n_low + corner] = position[high_chain[corner]]
            corner_x[n_low + corner] = -highest[high_chain[corner]]
        largest = 0.0
        for a in range(n_low + n_high):
            for b in range(a):
                y = (corner_y[a] - corner_y[b]) * spacing_y
                x = (corner_x[a] - corner_x[b]) * spacing_x
                largest = max(largest, y * y + x * x)
        diameters[index] = largest / 4


@compiled
def list_corners(first, last, start, n_planes, height, corners):
    """List the corners of the convex hull of an object's pixel centres in each plane.

    Parameters
    ----------
    first, last : ndarray of int32, shape (total number of lines,)
    start, n_planes, height : int
        Where the lines of the object begin, and the size of its box.
    corners : ndarray of int64, shape (at least 2 * n_planes * height, 3)
        Written: plane and row in the box, and column in the image.

    Returns
    -------
    int
        Number of corners.
    """
    position = np.empty(height, dtype=np.int64)
    lowest = np.empty(height, dtype=np.int64)
    highest = np.empty(height, dtype=np.int64)
    chain = np.empty(height, dtype=np.int64)
    found = 0
    for z in range(n_planes):
        n = 0
        for y in range(height):
            line = start + z * height + y
            if last[line] >= 0:
                position[n] = y
                lowest[n] = first[line]
                highest[n] = -np.int64(last[line])
                n += 1
        for index in range(_lower_chain(position, lowest, n, chain)):
            corners[found, 0] = z
            corners[found, 1] = position[chain[index]]
            corners[found, 2] = lowest[chain[index]]
            found += 1
        for index in range(_lower_chain(position, highest, n, chain)):
            # both borders share their ends where these lines hold one pixel
            if chain[index] in (0, n - 1) and highest[chain[index]] == -lowest[chain[index]]:
                continue
            corners[found, 0] = z
            corners[found, 1] = position[chain[index]]
            corners[found, 2] = -highest[chain[index]]
            found += 1
    return found


@compiled
def fill_polyhedron(normals, limits, start, n_planes, height, min_x, max_x, first, last):
    """Count the pixels in a convex polyhedron and write its line ends.

    Parameters
    ----------
    normals : ndarray of int64, shape (n_faces, 3)
        Outward, in the order z, y, x.
    limits : ndarray of int64, shape (n_faces,)
        A point p in half pixels is inside where the product with each normal is at most the limit. Planes
        and rows are counted in the box, columns in the image.
    start, n_planes, height : int
    min_x, max_x : int
        The columns of the box, half-open.
    first, last : ndarray of int32, shape (total number of lines,)
        Written from ``start`` on.

    Returns
    -------
    int
        Number of pixels whose centre is inside or on the border.
    """
    total = 0
    for z in range(n_planes):
        for y in range(height):
            low = min_x
            high = max_x - 1
            for face in range(limits.size):
                rest = limits[face] - 2 * z * normals[face, 0] - 2 * y * normals[face, 1]
                along = 2 * normals[face, 2]
                # a division only where the face cuts the line short
                if along > 0:
                    if along * high > rest:
                        high = rest // along
                elif along < 0:
                    if along * low > rest:
                        low = -(rest // -along)
                elif rest < 0:
                    high = low - 1
                if high < low:
                    break
            line = start + z * height + y
            if high < low:
                first[line] = NOWHERE
                last[line] = -1
            else:
                first[line] = low
                last[line] = high
                total += high - low + 1
    return total


@compiled
def largest_distance(corners, n, spacing_z, spacing_y, spacing_x):
    """Find the largest distance between two middles of faces of some pixels, in 3-D, squared.

    Parameters
    ----------
    corners : ndarray of int64, shape (at least n, 3)
        Pixels, among them all corners of the convex hull of the object.
    n : int
    spacing_z, spacing_y, spacing_x : float

    Returns
    -------
    float

    Notes
    -----
    The middles of the faces of two pixels differ by the difference of the pixels and at most one further
    pixel along one axis; a half pixel along each of two axes is never farther than the better of the two.
    """
    largest = 0.0
    for a in range(n):
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
def gather_values(runs, lines, ends, values):
    """Put the finite values of each object next to each other.

    Parameters
    ----------
    runs : ndarray of int32, shape (n_runs, 4)
        With the row of the object in place of its label.
    lines : ndarray, shape (Z * Y, X)
        The lines of an image that `prepare_image` returned.
    ends : ndarray of int64, shape (n,)
        Where the values of each object begin; written: where they end.
    values : ndarray of the type of the image, shape (number of pixels in all objects,)
        Written, in raster order.
    """
    for index in range(runs.shape[0]):
        line = lines[runs[index, LINE]]
        end = ends[runs[index, LABEL]]
        for x in range(runs[index, START], runs[index, STOP]):
            value = line[x]
            # false for NaN as well as for infinity; always true for integers
            if np.isfinite(value):
                values[end] = value
                end += 1
        ends[runs[index, LABEL]] = end


@compiled
def _select(values, low, high, k):
    """Move the k-th smallest of a stretch of values to position k, smaller ones before it.

    References
    ----------
    Hoare CAR (1961) Algorithm 65: Find. Communications of the ACM 4(7):321-322.
    """
    while low < high:
        pivot = values[k]
        i = low
        j = high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if j < k:
            low = i
        if k < i:
            high = j


@compiled
def describe_values(values, starts, ends, statistics):
    """Describe the values of each object by five numbers; the median is left to others.

    Parameters
    ----------
    values : ndarray, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        Written; a row stays as it is where an object has no values.

    Notes
    -----
    All arithmetic is in float64. The deviation is that of the population, in two passes: the second one
    adds up squares about the mean, and takes off what the rounding of the mean left.
    """
    for index in range(starts.size):
        start = starts[index]
        end = ends[index]
        n = end - start
        if n == 0:
            continue
        smallest = values[start]
        largest = smallest
        total = 0.0
        position = start
        while position < end:
            # partial sums keep the rounding error of a large object small
            stop = min(position + 512, end)
            part = 0.0
            for inner in range(position, stop):
                smallest = min(smallest, values[inner])
                largest = max(largest, values[inner])
                part += values[inner]
            total += part
            position = stop
        mean = total / n
        squares = 0.0
        rest = 0.0
        position = start
        while position < end:
            stop = min(position + 512, end)
            part = 0.0
            for inner in range(position, stop):
                difference = values[inner] - mean
                part += difference * difference
                rest += difference
            squares += part
            position = stop
        entry = statistics[index]
        entry[MINIMUM] = smallest
        entry[MAXIMUM] = largest
        entry[MEAN] = mean
        entry[DEVIATION] = np.sqrt(max(0.0, (squares - rest * rest / n) / n))
        entry[SUM] = total


@compiled
def find_medians(values, starts, ends, statistics):
    """Find the median of each object by selection.

    Parameters
    ----------
    values : ndarray of float32 or float64, shape (number of pixels in all objects,)
        What `gather_values` wrote; put into another order.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        The column of the median is written, but for objects without values.
    """
    for index in range(starts.size):
        start = starts[index]
        n = ends[index] - start
        if n == 0:
            continue
        middle = start + n // 2
        _select(values, start, ends[index] - 1, middle)
        upper = np.float64(values[middle])
        lower = upper
        if n % 2 == 0:
            lower = np.float64(values[start])
            for inner in range(start, middle):
                lower = max(lower, np.float64(values[inner]))
        statistics[index, MEDIAN] = 0.5 * lower + 0.5 * upper


@compiled
def _rank_in_counts(counts, rank):
    """Return the first value up to which more than a number of counts lie, and how many lie before it."""
    before = 0
    for value in range(counts.size):
        if before + counts[value] > rank:
            return value, before
        before += counts[value]
    return counts.size - 1, before


@compiled
def count_medians(values, starts, ends, statistics):
    """Find the median of each object by counting, for values of 8 or 16 bits.

    Parameters
    ----------
    values : ndarray of uint8 or uint16, shape (number of pixels in all objects,)
        What `gather_values` wrote.
    starts, ends : ndarray of int64, shape (n,)
        The stretch of each object.
    statistics : ndarray of float64, shape (n, 6)
        The column of the median is written.

    Notes
    -----
    The upper byte of the median is found first, then the lower byte among the values that share the upper
    one: two passes without a comparison of values, whatever their order.
    """
    upper_bytes = np.empty(256, dtype=np.int64)
    lower_bytes = np.empty(256, dtype=np.int64)
    for index in range(starts.size):
        start = starts[index]
        end = ends[index]
        n = end - start
        upper_bytes[:] = 0
        for inner in range(start, end):
            upper_bytes[values[inner] >> 8] += 1
        total = 0
        chosen = -1
        for rank in ((n - 1) // 2, n // 2):
            upper, before = _rank_in_counts(upper_bytes, rank)
            if upper != chosen:
                chosen = upper
                lower_bytes[:] = 0
                for inner in range(start, end):
                    if values[inner] >> 8 == upper:
                        lower_bytes[values[inner] & 255] += 1
            lower, _ = _rank_in_counts(lower_bytes, rank - before)
            total += 256 * upper + lower
        statistics[index, MEDIAN] = total / 2
