"""What holds for all tests."""

from hypothesis import settings

# How long an example takes depends on what else the machine does, and is nobody's promise.
settings.register_profile("segment-export", deadline=None)
settings.load_profile("segment-export")
