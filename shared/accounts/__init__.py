"""What any account with a limit on simultaneous calls needs: slots, and a board of what goes on.

Knows nothing of what the calls are about.
"""
