#!/usr/bin/env bash
# Makes sure that there is a Chromium with CJK fonts for the browser tests; tests/browser/chromium.py finds it.
# TELLER_CHROMIUM=private forces the copy under .cache/chromium, which needs no rights on the machine.
set -euo pipefail
cd "$(dirname "$0")/.."

here=$PWD/.cache/chromium
wrapper=$here/chromium

fail() { printf '%s\n' "$*" >&2; exit 1; }

installed() { command -v chromium || command -v google-chrome || command -v google-chrome-stable || command -v chromium-browser; }

works() { "$1" --headless --no-sandbox --disable-gpu --dump-dom 'data:text/html,<p>teller</p>' 2>/dev/null | grep -q teller; }

if [ "${TELLER_CHROMIUM:-}" != private ] && installed >/dev/null; then exit 0; fi
if [ -x "$wrapper" ] && works "$wrapper"; then exit 0; fi

if [ "${TELLER_CHROMIUM:-}" != private ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing chromium and fonts-noto-cjk (about 170 MB)"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
  exit 0
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
  fail "The browser tests need Chromium: install chromium (or Google Chrome) and a CJK font, then run make again."
fi

# Not root: apt with lists, cache and dpkg status of its own, so that it downloads the whole closure and touches nothing.
echo "downloading chromium, what it needs and fonts-noto-cjk into .cache/chromium (about 250 MB)"
rm -rf "$here"
mkdir -p "$here"/apt/{lists/partial,cache/archives/partial,log} "$here/root"
: >"$here/apt/status"
apt() {
  apt-get -qq -o Debug::NoLocking=1 -o Dir::State="$here/apt" -o Dir::State::lists="$here/apt/lists" \
    -o Dir::State::status="$here/apt/status" -o Dir::State::extended_states="$here/apt/extended" \
    -o Dir::Cache="$here/apt/cache" -o Dir::Log="$here/apt/log" -o APT::Sandbox::User="$(id -un)" \
    -o APT::Install-Recommends=0 "$@"
}
apt update >/dev/null || fail "The package lists could not be fetched: check the network and /etc/apt, then run make again."
apt -y --download-only install chromium fonts-noto-cjk >/dev/null \
  || fail "Chromium could not be downloaded with apt-get; its lines above say why."
for package in "$here"/apt/cache/archives/*.deb; do
  # The C library must be the one whose loader runs everything here: a copy of another version would crash.
  case $(basename "$package") in libc6_* | libc-bin_* | base-files_* | dpkg_*) continue ;; esac
  dpkg-deb -x "$package" "$here/root"
done
rm -rf "$here/apt"

# Plug-in folders are found by those who use them; the loader needs the folders of libraries only.
libraries=$(find "$here/root" -name 'lib*.so*' -printf '%h\n' | sort -u | grep -vE '/(systemd|security|gconv|dri|vdpau|perl|python)' | paste -sd: -)
mkdir -p "$here/fontcache"
cat >"$here/fonts.conf" <<XML
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>$here/root/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <include ignore_missing="yes">$here/root/etc/fonts/conf.d</include>
  <cachedir>$here/fontcache</cachedir>
</fontconfig>
XML
cat >"$wrapper" <<SH
#!/bin/sh
export LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/root/usr/lib/chromium/chromium" "\$@"
SH
chmod +x "$wrapper"
works "$wrapper" || fail "The downloaded Chromium does not start here: install chromium and fonts-noto-cjk, then run make again."
