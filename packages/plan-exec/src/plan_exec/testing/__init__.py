"""Test kit: schedules from one line of text, and a runtime that does what each task's text says."""

from plan_exec.testing.scenarios import Scenario, scenario
from plan_exec.testing.scripted_runtime import SCRIPTED, Call, calls_of, scripted_runtime

__all__ = ["SCRIPTED", "Call", "Scenario", "calls_of", "scenario", "scripted_runtime"]
