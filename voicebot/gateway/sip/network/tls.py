"""TLS for SIP: contexts from our files, and whose certificate a peer has shown (RFC 5922)."""

from __future__ import annotations

import ipaddress
import logging
import os
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import SettingsError
from voicebot.settings import SipSettings

log = logging.getLogger(__name__)

MINIMUM_VERSION = ssl.TLSVersion.TLSv1_2


@dataclass(frozen=True, slots=True)
class CertificateNames:
    """Identities in a certificate that has been verified; lower case."""

    sip_domains: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    common_names: tuple[str, ...] = ()

    @classmethod
    def of(cls, certificate: Mapping[str, object] | None) -> CertificateNames:
        """From what `SSLObject.getpeercert()` returns; none: nobody."""
        if not certificate:
            return cls()
        sip_domains: list[str] = []
        dns_names: list[str] = []
        addresses: list[str] = []
        for kind, value in _pairs(certificate.get("subjectAltName")):
            if kind == "DNS":
                dns_names.append(value.lower())
            elif kind == "IP Address":
                addresses.append(value)
            elif kind == "URI" and (domain := _sip_domain(value)):
                sip_domains.append(domain)
        subject = certificate.get("subject")
        common_names = [
            value.lower()
            for relative_name in (subject if isinstance(subject, tuple) else ())
            for kind, value in _pairs(relative_name)
            if kind == "commonName"
        ]
        return cls(tuple(sip_domains), tuple(dns_names), tuple(addresses), tuple(common_names))

    def include(self, domain: str) -> bool:
        """Whether the certificate speaks for this SIP domain, or literal address.

        RFC 5922 7.1: SIP URIs count first, DNS names where there are none of those, the common
        name only without any of both. 7.2: names are compared whole; a wildcard never matches.
        """
        address = _canonical_address(domain)
        if address is not None:
            # No rule of the RFC; PBXs without a name are met all the same.
            return address in {_canonical_address(own) for own in self.addresses}
        names = self.sip_domains or self.dns_names or self.common_names
        return domain.lower().rstrip(".") in names


class TlsContexts:
    """What we show and whom we trust. Certificates may be renewed while we run."""

    def __init__(self, settings: SipSettings) -> None:
        """Raises SettingsError for a file that can't be used."""
        self._settings = settings
        self._files = tuple(
            Path(name)
            for name in (settings.tls_certificate, settings.tls_private_key)
            if settings.tls_certificate and name
        )
        self.client = _context(ssl.PROTOCOL_TLS_CLIENT)
        # Our own check follows (`CertificateNames`): the one of ssl takes wildcards and knows
        # no SIP URIs.
        self.client.check_hostname = False
        self.client.verify_mode = ssl.CERT_REQUIRED
        self._trust(self.client)
        self.server: ssl.SSLContext | None = None
        if settings.tls_certificate:
            self.server = _context(ssl.PROTOCOL_TLS_SERVER)
            if settings.tls_client_certificates == "required":
                self.server.verify_mode = ssl.CERT_REQUIRED
                self._trust(self.server)
            try:
                self._load()
            except (OSError, ssl.SSLError) as error:
                raise SettingsError(
                    f"sip.tls_certificate, sip.tls_private_key: cannot be used: {_why(error)}"
                ) from None
        self._loaded = self._stamps()

    def reload_if_changed(self) -> bool:
        """Take over renewed files; connections that are open keep the old ones. Blocking, short.

        A pair that does not fit (one file is written before the other) is tried again.
        """
        stamps = self._stamps()
        if self.server is None or stamps == self._loaded:
            return False
        try:
            self._load()
        except (OSError, ssl.SSLError) as error:
            log.error("renewed TLS certificate cannot be used", extra={"reason": _why(error)})
            return False
        self._loaded = stamps
        log.info("renewed TLS certificate is in use")
        return True

    def _load(self) -> None:
        settings = self._settings
        key = settings.tls_private_key or None
        if self.server is not None:
            # Probed apart: a pair that does not fit must not spoil the contexts in use.
            _context(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_certificate, key)
            self.server.load_cert_chain(settings.tls_certificate, key)
            self.client.load_cert_chain(settings.tls_certificate, key)

    def _trust(self, context: ssl.SSLContext) -> None:
        name = self._settings.tls_authorities
        if not name:
            context.load_default_certs()
            return
        try:
            context.load_verify_locations(cafile=name)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"sip.tls_authorities: cannot be used: {_why(error)}") from None

    def _stamps(self) -> tuple[int, ...]:
        stamps = []
        for path in self._files:
            try:
                stamps.append(os.stat(path).st_mtime_ns)
            except OSError:
                stamps.append(0)
        return tuple(stamps)


def _context(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = MINIMUM_VERSION
    # A peer could have us compute handshakes for ever.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


def _why(error: OSError) -> str:
    """ssl.SSLError is an OSError too; neither text has anything of the file's content."""
    return str(error.strerror or error)


def _pairs(value: object) -> Iterable[tuple[str, str]]:
    for pair in value if isinstance(value, tuple) else ():
        if isinstance(pair, tuple) and len(pair) == 2:
            yield str(pair[0]), str(pair[1])


def _sip_domain(uri: str) -> str:
    """RFC 5922 7.1: only a sip URI without a user part names a domain."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() != "sip" or "@" in rest:
        return ""
    return rest.partition(";")[0].lower()


def _canonical_address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
