"""The app on a phone's home screen: it opens without a network, and says that its words need the server."""
