"""``python -m kslr.training.ship encoder|verification|signs|krsl20|segmenter|rsl``: makes what lies in models/."""

import os
import sys

import typer

from kslr.core.errors import InputError
from kslr.core.training import require_keras
from kslr.training.ship.encoder import train_encoder
from kslr.training.ship.krsl20 import ship_krsl20
from kslr.training.ship.rsl import ship_rsl
from kslr.training.ship.segmenter import ship_segmenter
from kslr.training.ship.signs import ship_signs
from kslr.training.ship.verification import ship_verification

app = typer.Typer(help="Make the shipped sign models.", no_args_is_help=True, pretty_exceptions_enable=False)
app.command("encoder")(train_encoder)
app.command("verification")(ship_verification)
app.command("signs")(ship_signs)
app.command("krsl20")(ship_krsl20)
app.command("segmenter")(ship_segmenter)
app.command("rsl")(ship_rsl)

if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        require_keras()
        app()
    except InputError as error:
        print(f"kslr: {error}", file=sys.stderr)
        sys.exit(2)
