"""One person, across exports: why they arrived in an audience, or did not."""
