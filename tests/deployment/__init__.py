"""Checks of the deployment that need no Azure account."""
