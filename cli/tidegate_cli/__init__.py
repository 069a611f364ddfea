"""The command `tidegate`: what people do with the suite, over its functions and its buckets."""

__version__ = "0.1.0"
