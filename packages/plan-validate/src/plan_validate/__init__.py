"""Judge every edge of a data transformation graph before anything runs."""
