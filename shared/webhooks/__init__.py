"""Mailchimp's webhooks: made and removed with a connection, and what their events say.

- `hooks` is what is kept of each
- `signature` and `events` read what Mailchimp sends
- `taking` has whoever unsubscribed kept out within seconds
"""
