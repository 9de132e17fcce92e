"""What is known of an audience, whichever export works on it; imports no stage of a run."""
