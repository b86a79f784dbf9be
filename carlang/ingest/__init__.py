"""Raw logs to events."""
