"""Drift: what people changed by hand in Mailchimp of what this product owns, and their choices."""
