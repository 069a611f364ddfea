"""Says what clean images show: as a tag, a JSON document beside the bucket, and an event."""
