"""Tells what each bucket stores and costs, and what would cost less, each sum shown."""
