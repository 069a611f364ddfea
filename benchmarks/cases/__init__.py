"""The cases, one module for each way of measuring."""
