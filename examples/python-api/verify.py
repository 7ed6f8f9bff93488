"""Verifies access tokens of Postern offline. A session that has ended is noticed when its token has expired."""

import json
import math
import os
import time
from urllib.request import Request, urlopen

import jwt

ISSUER = os.environ.get("ISSUER", "http://localhost:8787")
KEPT_SECONDS = 300
COOLDOWN_SECONDS = 30


class KeysUnavailable(Exception):
    """The service could not be asked for its keys."""


class PublishedKeys:
    """Keeps the published keys. Tokens that name unknown keys make it ask every 30 seconds at most."""

    def __init__(self, url: str):
        self._url = url
        self._keys = {}
        self._asked_at = -math.inf

    def find(self, kid: str):
        age = time.monotonic() - self._asked_at
        if not self._keys or age > KEPT_SECONDS or (kid not in self._keys and age > COOLDOWN_SECONDS):
            self._ask()
        if kid not in self._keys:
            raise jwt.InvalidTokenError("no such key")
        return self._keys[kid].key

    def _ask(self):
        self._asked_at = time.monotonic()
        # Firewalls refuse the name by which Python calls itself.
        request = Request(self._url, headers={"User-Agent": "orders-api"})
        try:
            with urlopen(request, timeout=5) as response:
                published = jwt.PyJWKSet.from_dict(json.load(response))
            self._keys = {key.key_id: key for key in published.keys}
        except (OSError, ValueError) as error:
            # The keys that are known stay good while the service cannot be reached.
            if not self._keys:
                raise KeysUnavailable from error


keys = PublishedKeys(f"{ISSUER}/.well-known/jwks.json")


def verify(token: str) -> dict:
    """Answers the claims. It raises InvalidTokenError or KeysUnavailable."""
    header = jwt.get_unverified_header(token)
    if header.get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    return jwt.decode(
        token,
        keys.find(header.get("kid", "")),
        algorithms=["ES256"],
        issuer=ISSUER,
        audience=ISSUER,
        leeway=10,  # Clocks differ by seconds.
        options={"require": ["exp", "iat", "sub", "sid"]},
    )
