"""The keys of this installation: of a provider, given, or made once for development."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from bot.settings_read import json_object

MASTER_KEY_BYTES = 96
KMS = ("aws", "azure", "gcp", "kmip")


def keys(
    values: Mapping[str, str], home: Path, production: bool, faults: list[str]
) -> tuple[dict[str, dict[str, object]], dict[str, object] | None, str]:
    """KMS providers, master key document, and the key that signs sessions (derived from a local master key)."""
    signing = values.get("TELLER_SECRET_KEY") or ""
    provider = values.get("TELLER_KMS") or ""
    if provider:
        if provider not in KMS:
            faults.append(f"TELLER_KMS must be one of: {', '.join(KMS)}.")
            return {}, None, signing
        options = json_object(values, "TELLER_KMS_OPTIONS", faults)
        master = json_object(values, "TELLER_KMS_KEY", faults)
        if len(signing) < 32:
            faults.append("TELLER_SECRET_KEY (32 characters or more) must be set where TELLER_KMS is used.")
        return {provider: options}, master, signing
    master_key = local_master_key(values, home, production, faults)
    derived = hmac.new(master_key, b"teller: sessions and visitor tokens", hashlib.sha256).hexdigest()
    found: dict[str, dict[str, object]] = {named(master_key): {"key": master_key}}
    for name in ("TELLER_MASTER_KEY_NEXT", "TELLER_MASTER_KEY_OLD"):
        if (other := _given(name, values.get(name), faults)) is not None:
            found[named(other)] = {"key": other}
    # Data keys of before there were names.
    return {**found, "local": {"key": master_key}}, None, signing or derived


def named(master_key: bytes) -> str:
    """What a local master key is called in the data keys it wraps: stays the same whichever variable holds it."""
    return f"local:{hashlib.sha256(b'teller: master key' + master_key).hexdigest()[:12]}"


def target(kms: Mapping[str, object], values: Mapping[str, str]) -> str:
    """The provider that all data keys are to be wrapped by: the next local master key where one is given."""
    given = _given("TELLER_MASTER_KEY_NEXT", values.get("TELLER_MASTER_KEY_NEXT"), [])
    return named(given) if given is not None and named(given) in kms else next(iter(kms))


def _given(name: str, raw: str | None, faults: list[str]) -> bytes | None:
    if not raw:
        return None
    try:
        key = base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        faults.append(
            f"{name} must be 96 bytes in base64; make one with: openssl rand -base64 96 | tr -d '\\n'"
        )
        return None
    return key


def local_master_key(values: Mapping[str, str], home: Path, production: bool, faults: list[str]) -> bytes:
    raw = values.get("TELLER_MASTER_KEY")
    if not raw:
        if production:
            faults.append("TELLER_MASTER_KEY (96 bytes, base64) or TELLER_KMS must be set in production.")
            return b""
        return generated_master_key(home / "keys" / "master.key", faults)
    return _given("TELLER_MASTER_KEY", raw, faults) or b""


def generated_master_key(path: Path, faults: list[str]) -> bytes:
    """Made once, mode 0600. Written aside and linked in, so that two processes starting at once agree on one key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not named by the process id: in a container that is the same at every start, and a killed one left its file.
        aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    try:
        key = base64.b64decode(path.read_bytes(), validate=True)
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        faults.append(
            f"{path} does not hold a master key; restore it from your backup or set TELLER_MASTER_KEY."
        )
    return key
