"""What every command shares: the service, JSON on stdout, sentences on stderr, exit 1 on failure and 2 on bad usage."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import click
from flask import current_app
from flask.cli import with_appcontext
from redis.exceptions import RedisError

from bot import origin
from bot.compose import Service
from bot.errors import ServiceError
from bot.mongo import PyMongoError

Command = TypeVar("Command", bound=Callable[..., Any])
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
json_anyway = click.option("--json", is_flag=True, expose_value=False, help="JSON is printed anyway.")


def service() -> Service:
    return cast(Service, current_app.extensions["teller"])


def operator() -> str:
    """Who acts, for the audit log: the account of the machine, as commands know no sign-in."""
    return f"command:{os.environ.get('SUDO_USER') or os.environ.get('USER') or 'operator'}"


def guarded(command: Command) -> Command:
    """Run in the application's context; turn errors raised on purpose into a sentence and exit 1."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        at = click.get_current_context().command_path
        origin.begin(origin.Origin({"host": origin.host()}, f"command:{at}"))
        try:
            return command(*args, **kwargs)
        except ServiceError as error:
            raise click.ClickException(str(error)) from error
        except PyMongoError as error:
            raise click.ClickException(
                f"MongoDB does not answer ({type(error).__name__}); run `flask doctor`, or start with `make run`."
            ) from error
        except RedisError as error:
            raise click.ClickException(
                f"Redis does not answer ({type(error).__name__}); run `flask doctor`."
            ) from error
        finally:
            origin.begin(None)
            service().close()

    return cast(Command, with_appcontext(run))


def emit(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def staff_id(email: str) -> str:
    """The id of an active member of staff. Raises ClickException for an unknown address."""
    found = service().staff.by_email(email)
    if found is None:
        raise click.ClickException(
            "No active member of staff has this e-mail address; add one with `flask staff add`."
        )
    return found.id
