"""The steps behind a result: shown, changed, run again, repeated."""
