"""The customers' side: one file a channel, each an implementation of `bot.contracts.Channel`.

    reading.py          reads what platforms post without trusting its shape
    http.py             one client per process; what a transport fault means for a message
    limits.py           fits texts and button labels into a platform's limits
    links.py            what a customer carries from a signed session to another platform
    line.py             LINE: signature, address; line_in.py reads events, line_out.py sends with the SDK
    messenger.py        Messenger: the same, over the Graph API
    telegram.py         Telegram: the same, with python-telegram-bot
    web.py              the web chat: visitor tokens, its messages, the snippet
    application_status.py  no channel: the firm's own system, which knows how applications stand
    oidc.py             no channel: the firm's own sign-in for members of staff
    seals.py            no channel: copies of the records' seals for another custodian

To add one see `docs/how-to/add-a-channel.md`.
"""

from __future__ import annotations

from adapters.line import Line
from adapters.messenger import Messenger
from adapters.telegram import Telegram
from adapters.web import Web
from bot.contracts import Channel
from bot.model import ChannelType

CHANNELS: dict[ChannelType, Channel] = {
    ChannelType.LINE: Line(),
    ChannelType.MESSENGER: Messenger(),
    ChannelType.TELEGRAM: Telegram(),
    ChannelType.WEB: Web(),
}


def preload() -> None:
    """Imports the platforms' SDKs (about a second, 40 MB): for workers, never for the web process."""
    from adapters import line_out, telegram_out

    line_out.preload()
    telegram_out.preload()
