"""Drives the ClamAV engine that this layer carries, and never takes silence for "clean"."""
