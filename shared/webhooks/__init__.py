"""Mailchimp's webhooks: made and removed with a connection, and what their events say.

- `hooks` is what is kept of each
- `signature` and `events` read what Mailchimp sends
- `wanted` and `settling` make and remove them, `states` tells of them
- `taking` has whoever unsubscribed kept out within seconds
"""
