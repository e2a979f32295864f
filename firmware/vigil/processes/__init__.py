"""The only wiring: each module here is one process."""
