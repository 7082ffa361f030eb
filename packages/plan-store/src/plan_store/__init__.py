"""Keep every event, artifact and output of every run, and query them with SQL."""
