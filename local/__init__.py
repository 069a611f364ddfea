"""The embedded AWS on this machine: start it, deploy the suite into it, show it, stop it."""
