"""Puts buckets right that drift from their secure configuration, and can take it back."""
