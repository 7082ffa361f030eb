"""Compile SQL views into a validated graph with DataFusion, and run one task of it."""
