"""Measures Tidegate against named baselines in one run: python -m benchmarks."""
