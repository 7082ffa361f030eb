"""What runs tasks: in the calling thread, on threads, or in worker processes."""
