"""The web application: assembly, sessions, guards, health and logs."""
