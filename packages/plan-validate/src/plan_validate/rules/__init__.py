"""What is checked, one module per rule; each is a pure function from evidence to faults."""
