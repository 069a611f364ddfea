"""What two or more of Tidegate's functions share: events in, objects, verdicts, records out."""
