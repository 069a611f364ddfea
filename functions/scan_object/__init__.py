"""Scans each created object, and says what it found on the object, in the ledger, on the bus."""
