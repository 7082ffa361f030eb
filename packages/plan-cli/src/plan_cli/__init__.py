"""Plan and run SQL and Python data transformations."""
