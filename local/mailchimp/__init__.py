"""A stand-in for the Mailchimp Marketing API 3.0, as a process of its own on loopback.

It keeps audiences in memory and reproduces what is documented and recorded about Mailchimp's
answers, limits and faults. What is unproven about Mailchimp is a switch (see `switches`).
Start it with `python -m local.mailchimp`; steer it from tests with `control.Simulator`.
"""
