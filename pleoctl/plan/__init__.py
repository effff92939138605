"""The plan artifact: build, guard, simulate, freeze, read back."""

from pleoctl.plan.artifact import Plan, read_plan
from pleoctl.plan.build import Inputs, build_plan
from pleoctl.plan.guard import Guard, check_guard

__all__ = ["Guard", "Inputs", "Plan", "build_plan", "check_guard", "read_plan"]
