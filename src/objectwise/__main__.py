"""``python -m objectwise``: the command line."""

from objectwise.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
