"""Compresses logs into an archive that Athena reads; a proven copy first, then the deletion."""
