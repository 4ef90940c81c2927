"""How it is decided whether a sign is a taught word: chosen on words and signers that the encoder never saw, and measured."""
