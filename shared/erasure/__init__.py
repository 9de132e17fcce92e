"""Erasing one person from everything that the app keeps, and keeping them out from then on."""
