"""How long a newcomer waits: for the import, for the list of operations, for the demo.

Each number is the median of several fresh processes; a first, cold run fills the caches and is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

IMPORT = "import time; start = time.perf_counter(); import objectwise; print(time.perf_counter() - start)"


def seconds_of(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def seconds_of_import() -> float:
    done = subprocess.run([sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True)
    return float(done.stdout)


def median(measure: Callable[[], float], n: int) -> float:
    measure()
    return statistics.median(measure() for _ in range(n))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=5, help="processes for each number [5]")
    n = parser.parse_args().n
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            ("import objectwise, inside Python", median(seconds_of_import, n), "0.4 s"),
            ("python -c pass, to compare", median(lambda: seconds_of("-c", "pass"), n), ""),
            ("objectwise ops", median(lambda: seconds_of("-m", "objectwise", "ops"), n), ""),
            (
                "objectwise demo",
                median(lambda: seconds_of("-m", "objectwise", "demo", "-o", folder), n),
                "5 s",
            ),
        ]
    print("| What | Median | Goal |\n| --- | --- | --- |")
    for name, seconds, goal in rows:
        print(f"| {name} | {seconds:.2f} s | {f'below {goal}' if goal else ''} |")


if __name__ == "__main__":
    main()
