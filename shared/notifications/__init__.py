"""Telling receivers when an export's state changes: to failed, partial or skipped, and back."""
