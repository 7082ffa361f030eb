"""Order tasks by cost, critical path and slack, and forecast how long they take."""
