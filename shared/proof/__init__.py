"""Whether an audience is what was promised: verifications of exports, and what differs."""
