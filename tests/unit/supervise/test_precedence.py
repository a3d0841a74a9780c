"""A process that steps back, and with it its session, where it leads one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os
from pathlib import Path
from bot.precedence import AUTOGROUP, step_back
step_back(5)
print(os.nice(0), AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else "none")
"""


@pytest.mark.parametrize("leads", [True, False])
def test_a_leader_steps_back_with_its_session_and_nobody_else_moves_one(leads: bool) -> None:
    # Within one more session, so that the one of this run is never in question.
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {PROGRAM!r}], start_new_session={leads})"
    done = subprocess.run(
        [sys.executable, "-c", outer], start_new_session=True, capture_output=True, text=True, check=True
    )
    nice, group = done.stdout.split()
    assert int(nice) >= 5
    if Path("/proc/self/autogroup").exists():
        assert group == ("5" if leads else "0")
    else:
        assert group == "none"
