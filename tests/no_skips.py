"""pytest plugin (`-p tests.no_skips`, on in CI): a skipped test fails the run, as nobody reads it there."""

from __future__ import annotations

import pytest


class _Skips:
    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.found.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.found.append(report.nodeid or "a module")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.found:
            terminalreporter.write_line(
                f"{len(self.found)} skipped, which fails here: {', '.join(self.found)}", red=True
            )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Skips(), "teller-no-skips")
