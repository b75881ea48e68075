"""The stand-ins for Polaris web components: scripts, and the generated list of their names."""
