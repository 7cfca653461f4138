"""Certificates for tests: an authority of our own, and files as an operator has them."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class Certificates:
    """Files in one directory, signed by one authority."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = trustme.CA()
        self.authorities = directory / "authorities.pem"
        self._authority.cert_pem.write_to_path(self.authorities)

    def issue(self, *names: str) -> Path:
        """A PEM file with key, certificate and chain for these host names or addresses."""
        path = self._directory / f"{'-'.join(names).replace(':', '_')}.pem"
        self._authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def settings(self, *names: str) -> dict[str, object]:
        """What [sip] of an endpoint says that shows such a certificate."""
        return {
            "tls_certificate": str(self.issue(*names)),
            "tls_authorities": str(self.authorities),
            "tls_port": 0,
        }

    def client_context(self, certificate: Path | None = None) -> ssl.SSLContext:
        """Of a phone that trusts the authority and shows this certificate."""
        context = ssl.create_default_context(cafile=str(self.authorities))
        if certificate is not None:
            context.load_cert_chain(certificate)
        return context
