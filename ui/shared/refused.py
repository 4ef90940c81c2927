"""What the app can't do for somebody, in the app's own words."""

from kslr.core.errors import InputError


class Refused(InputError):
    """It can't be done; ``key`` of words.json and ``values`` say why."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values
