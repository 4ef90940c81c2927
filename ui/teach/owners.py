"""Who may change a vocabulary through the server: the browser that made it, by a private key, and the server's own machine.

The key is made with the vocabulary, is told once, and is kept in the browser; the server keeps only its digest, in a file
beside the vocabularies. Vocabularies that `kslr teach` made have no key and are changed on the server's own machine alone.
"""

import hashlib
import hmac
import json
import secrets
from pathlib import Path

from kslr.core.errors import InputError
from kslr.core.files import parse_json, write_file
from kslr.teaching.shelf import shelf_path
from kslr.teaching.vocabularies import lock_folder, vocabularies_folder
from ui.shared.i18n import Refusal

HEADER = "kslr-key"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class Owners:
    """The digests of the keys, by a vocabulary's name."""

    @property
    def _path(self) -> Path:
        return vocabularies_folder() / ".keys.json"

    def _read(self) -> dict[str, str]:
        try:
            found = parse_json(self._path.read_bytes())
        except (OSError, InputError):  # none yet; with a damaged file only the server's own machine changes anything
            return {}
        return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}

    def create(self, name: str) -> str:
        """A new key for a vocabulary that has just been made; an older one of this name is worth nothing any more."""
        key = secrets.token_urlsafe(24)
        self._change(name, _digest(key))
        return key

    def forget(self, name: str) -> None:
        """Forgets the key of a vocabulary that has been deleted."""
        self._change(name, "")

    def _change(self, name: str, digest: str) -> None:
        with lock_folder(self._path.parent):
            kept = {one: other for one, other in self._read().items() if one != name and shelf_path(one).is_file()}
            write_file(self._path, json.dumps({**kept, **({name: digest} if digest else {})}).encode())

    def check(self, name: str, key: str, local: bool) -> None:
        """Checks that somebody may change a vocabulary.

        Args:
            local: whether the server's own machine asks.

        Raises:
            Refusal: neither the machine nor the key is right.
        """
        known = self._read().get(name, "")
        if not local and not (known and hmac.compare_digest(known, _digest(key))):
            raise Refusal("teach.not_yours", name=name)
