"""What keeps a benchmark from being measured."""


class BenchmarkError(Exception):
    """A figure cannot be had here; the message says why and what to do."""
