"""Real files through a real deployment: what each one was, and what became of it."""
