"""The Mailchimp simulator held against what is known about Mailchimp."""
