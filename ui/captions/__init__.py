"""Captions for other programs: the running words as a file, over a socket, and as a page that lies over a picture."""
