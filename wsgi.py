"""What gunicorn serves and what `flask` finds by itself."""

from bot.app import create_app
from bot.cli import register
from bot.compose import build
from bot.errors import ConfigError
from bot.settings import Settings

try:
    app = create_app(build(Settings.from_env(), web_process=True))
except ConfigError as fault:
    raise SystemExit("\n".join(fault.faults)) from fault
register(app)
