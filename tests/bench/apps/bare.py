"""The least a webhook in Flask can do: answer 200."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.post("/callback")
def callback() -> str:
    return "OK"
