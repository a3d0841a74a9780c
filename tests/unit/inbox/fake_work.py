"""The fake's conversation work: nothing was noted or done beside speaking; tests of it have a whole Teller."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.desk.work import Story
from bot.model import Page, Staff


class NoTags:
    def known(self) -> list[str]:
        return []


@dataclass
class FakeWork:
    tags: NoTags = field(default_factory=NoTags)

    def story(self, staff: Staff, page: Page) -> Story:
        return Story()
