"""Moves infected objects out of reach, proven copy first, and tells people."""
