#!/usr/bin/env bash
# Makes .venv and installs what the requirements pin. Does nothing where nothing changed, so every target may call it.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf '%s\n' "$*" >&2; exit 1; }

sum() { cat requirements.txt requirements-dev.txt | if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d' ' -f1; }

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local name
  for name in ${PYTHON:-} python3.11 python3 python3.12 python3.13; do
    if command -v "$name" >/dev/null && suits "$name"; then command -v "$name"; return; fi
  done
  fail "Teller needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python3.11."
}

# Debian splits ensurepip off into python3-venv, so a bare python3 may be unable to make a complete environment.
make_venv() {
  local python=$1
  rm -rf .venv
  "$python" -m venv .venv >/dev/null 2>&1 && return
  rm -rf .venv
  if "$python" -m virtualenv -q .venv >/dev/null 2>&1; then return; fi
  if command -v uv >/dev/null && uv venv -q --seed --python "$python" .venv; then return; fi
  rm -rf .venv
  # A pip that lives outside the environment can put another one into it.
  if "$python" -m pip --version >/dev/null 2>&1 && "$python" -m venv --without-pip .venv >/dev/null 2>&1 \
    && "$python" -m pip --python .venv/bin/python install -q pip >/dev/null 2>&1; then return; fi
  rm -rf .venv
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    local version
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "python$version-venv" >/dev/null
    "$python" -m venv .venv >/dev/null 2>&1 && return
    rm -rf .venv
  fi
  fail "Python's venv module is incomplete here: install it (on Debian and Ubuntu: apt-get install python3-venv), then run make again."
}

want=$(sum)
stamp=.venv/.requirements
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ]; then exit 0; fi

# Two targets at once (make run beside make test) must not install into one folder at the same time.
if command -v flock >/dev/null; then
  mkdir -p .cache
  exec 9>.cache/setup.lock
  flock 9
  if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ]; then exit 0; fi
fi

if ! { [ -x .venv/bin/python ] && suits .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
  python=$(find_python)
  echo "setting up .venv with $python"
  make_venv "$python"
fi
echo "installing the pinned requirements into .venv (a minute or two the first time)"
.venv/bin/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt \
  || fail "The requirements could not be installed; pip's lines above say why."
printf '%s\n' "$want" >"$stamp"
