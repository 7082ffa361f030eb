"""How properties are tested."""

from hypothesis import HealthCheck, settings

# How fast an example is drawn and run depends on what else the machine does.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
