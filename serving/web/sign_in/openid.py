"""Signing in with an identity provider: OpenID Connect, the authorization code with PKCE, state and nonce.

What the provider says of itself and its keys is read when somebody first signs in, and kept for an hour. The ID token's
signature, issuer, audience, times and nonce are checked; who it names, and the role it claims, is all that is taken.

Sources: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; RFC 7636 (PKCE); RFC 9207 (the issuer in the answer).
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from features.errors import SettingsError
from serving.api.errors import HttpError
from serving.store.people.people import MANAGER, NOBODY, ROLES

CALLBACK = "/sign-in/callback"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures with a key of the provider's own: never `none`, never with the client's secret."""
SECONDS = 5.0
"""For each answer of the provider."""
KEPT_SECONDS, LEAST_SECONDS = 3600.0, 10.0
"""For which its keys are kept, and at least: a token that nobody signed must not make us ask each time."""
LEEWAY_SECONDS = 60
"""By which the provider's clock and ours may differ."""
LONGEST = 200


@dataclass(frozen=True)
class OpenIdTerms:
    """How one signs in with a provider.

    issuer : its address.  public_url : under which browsers know the page.  client_secret : empty of a public client.
    person_claim : names who signs in, in the audit log and in the table of people.  role_claim, owner_claim, team_claim
    : hold the role, the owner's name as the accounts have it, and further owners whose accounts are seen; the last two
    may be empty.  default_role : of whom neither the table nor a claim gives one.
    """

    issuer: str
    client_id: str
    public_url: str
    client_secret: str = ""
    scopes: str = "openid profile email"
    person_claim: str = "email"
    role_claim: str = "roles"
    owner_claim: str = "name"
    team_claim: str = ""
    default_role: str = NOBODY

    def __post_init__(self) -> None:
        for name in ("issuer", "public_url"):
            if not _fit(getattr(self, name)):
                raise SettingsError(
                    f"sign_in.{name} = {getattr(self, name)!r} is no https:// address; http:// is for this machine."
                )
        if not self.client_id:
            raise SettingsError("sign_in.client_id is empty: register the page with the provider first.")
        if self.default_role not in ROLES or self.default_role == MANAGER:
            raise SettingsError(
                f"sign_in.default_role = {self.default_role!r} is none of none, viewer, director, admin."
            )

    @property
    def redirect_uri(self) -> str:
        """Return where the provider sends people back to."""
        return self.public_url.rstrip("/") + CALLBACK


@dataclass(frozen=True)
class Begun:
    """What is kept in the browser between leaving and coming back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Vouched:
    """Whom the provider vouches for, and what it claims: `role` and `owners`."""

    person: str
    claims: Mapping[str, Any]


class OpenId:
    """An identity provider; may be asked from several threads."""

    def __init__(self, terms: OpenIdTerms) -> None:
        self.terms = terms
        self._known: tuple[float, Mapping[str, Any], KeySet] | None = None

    def begin(self) -> tuple[str, Begun]:
        """Return where to send the browser, and what it must bring back.  Raises HttpError 503."""
        found, _ = self._provider()
        begun = Begun(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": self.terms.client_id, "redirect_uri": self.terms.redirect_uri,
            "scope": self.terms.scopes, "state": begun.state, "nonce": begun.nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        return str(httpx.URL(found["authorization_endpoint"]).copy_merge_params(asked)), begun

    def finish(self, answer: Mapping[str, str], begun: Begun) -> Vouched:
        """Return whom the provider vouches for.

        Raises
        ------
        HttpError
            403 where it refuses, or what it says is not good; 503 where it cannot be asked.
        """
        if not secrets.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise _refused("not_meant")
        if answer.get("iss", self.terms.issuer) != self.terms.issuer or "code" not in answer:
            raise _refused("provider_refused")
        terms, (found, _) = self.terms, self._provider()
        sent = {
            "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": terms.redirect_uri,
            "code_verifier": begun.verifier, "client_id": terms.client_id,
        }  # fmt: skip
        shown = (quote(terms.client_id, safe=""), quote(terms.client_secret, safe=""))
        client_auth = httpx.BasicAuth(*shown) if terms.client_secret else httpx.Auth()
        try:
            with httpx.Client(timeout=SECONDS) as client:
                given = client.post(found["token_endpoint"], data=sent, auth=client_auth)
            token = given.json() if given.status_code == 200 else {}
        except (httpx.HTTPError, ValueError):
            raise _away() from None
        if not isinstance(token, dict):
            raise _refused("provider_refused")
        return self._vouched(self._claims(str(token.get("id_token", "")), begun.nonce))

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """Return what a token says that is good in every respect.  Raises HttpError 403."""
        checks = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS, iss={"essential": True, "value": self.terms.issuer},
            aud={"essential": True, "value": self.terms.client_id}, nonce={"essential": True, "value": nonce},
            exp={"essential": True}, iat={"essential": True}, sub={"essential": True},
        )  # fmt: skip
        for anew in (False, True):  # the provider may have changed its keys since we looked
            _, keys = self._provider(anew)
            try:
                claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
                checks.validate(claims)
            except (JoseError, ValueError, TypeError):
                continue
            if claims.get("azp", self.terms.client_id) == self.terms.client_id:
                return claims
        raise _refused("provider_refused")

    def _vouched(self, claims: Mapping[str, Any]) -> Vouched:
        terms = self.terms
        person = claims.get(terms.person_claim)
        unproven = terms.person_claim == "email" and claims.get("email_verified") is False
        if not isinstance(person, str) or not 0 < len(person) <= LONGEST or not person.isprintable() or unproven:
            raise _refused("no_name")
        roles = _texts(claims.get(terms.role_claim))
        role = max((one for one in roles if one in ROLES), key=ROLES.index, default=terms.default_role)
        owners = {
            name for claim in (terms.owner_claim, terms.team_claim) if claim for name in _texts(claims.get(claim))
        }
        return Vouched(person, {"role": role, "owners": sorted(owners)})

    def _provider(self, anew: bool = False) -> tuple[Mapping[str, Any], KeySet]:
        """Return what the provider says of itself, and its keys.  Raises HttpError 503.

        anew : ask, unless that was just done.
        """
        kept = self._known
        if kept is not None and time.monotonic() - kept[0] < (LEAST_SECONDS if anew else KEPT_SECONDS):
            return kept[1], kept[2]
        try:
            with httpx.Client(timeout=SECONDS) as client:
                found = _json(client, self.terms.issuer.rstrip("/") + "/.well-known/openid-configuration")
                if found.get("issuer") != self.terms.issuer:
                    raise ValueError("another issuer")
                if not all(_fit(found[name]) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")):
                    raise ValueError("not encrypted")
                keys = KeySet.import_key_set(_json(client, found["jwks_uri"]))  # type: ignore[arg-type]
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError):
            raise _away() from None
        self._known = time.monotonic(), found, keys
        return found, keys


def _json(client: httpx.Client, address: str) -> dict[str, Any]:
    found = client.get(address).raise_for_status().json()
    if not isinstance(found, dict):
        raise TypeError("no object")
    return found


def _texts(told: object) -> Sequence[str]:
    """Return the texts of a claim that is one text, or a list of them."""
    given = told if isinstance(told, list) else [told]
    return [one for one in given if isinstance(one, str) and one]


def _fit(address: object) -> bool:
    """Return whether an address is encrypted, or of this machine."""
    try:
        parts = urlsplit(str(address))
        if parts.scheme == "https" and parts.hostname:
            return True
        return parts.scheme == "http" and (
            parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False


def _refused(code: str) -> HttpError:
    return HttpError(403, code, "The identity provider's answer is not good for this page.")


def _away() -> HttpError:
    return HttpError(503, "provider_away", "The identity provider cannot be asked at the moment.")
