"""`python -m valuebox_cli` is the command `valuebox`, where no script of that name is installed."""

from valuebox_cli.main import app

app(prog_name="valuebox")
