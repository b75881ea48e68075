"""The parts of `attune evaluate`: one model in a process of its own, what is printed, and the published figures."""
