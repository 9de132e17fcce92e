"""Whole exports while storage, vault and Mailchimp misbehave and hosts die at every step."""
