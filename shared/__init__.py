"""Exports segments of Customer Insights profiles to Mailchimp audiences."""
