"""The cloud as this app sees it: blobs, queues, vault, settings, clock, log."""
