"""Whether the app can do its work: what it depends on, what waits, what the host left out."""
