"""Run a schedule through Hamilton on threads and processes, in the order of the plan."""
