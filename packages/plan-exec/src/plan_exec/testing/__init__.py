"""What tests of executors need: runtimes that misbehave on demand, and schedules over given graphs."""
