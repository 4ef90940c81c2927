"""The pages of the app, one file each; every one has ``build(services)``."""
