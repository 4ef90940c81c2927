"""The front door: builds the app and launches it."""

from ui.server.launch import launch

if __name__ == "__main__":
    launch()
