"""Live checks: begun by an administrator, made by a queue function, cleared up after whatever."""
