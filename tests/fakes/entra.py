"""Microsoft's sign-in on loopback: a tenant's OpenID metadata, keys that may be rotated, and tokens signed with one."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

APP_ID, TENANT_ID = "b0b0b0b0-0000-4000-8000-000000000001", "7e7e7e7e-0000-4000-8000-000000000002"
HOST = "attune.example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeEntra:
    """A server on a thread of its own, so that any process can ask it."""

    def __init__(self) -> None:
        self.key_ids = ["known"]
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        entra = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                entra.asked.append(self.path)
                body = json.dumps(entra._keys() if self.path.endswith("/keys") else entra._metadata()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def token(
        self, person_id: str, *, key: Any = KEY, kid: str | None = "known", alg: str = "RS256", **claims: Any
    ) -> str:
        """Return a token as Teams gets it for a person; a claim that is None is left out."""
        now = int(time.time())
        valid = {
            "iss": f"{self.url}/{TENANT_ID}/v2.0",
            "aud": APP_ID,
            "tid": TENANT_ID,
            "oid": person_id,
            "scp": "access_as_user",
            "nbf": now - 60,
            "exp": now + 600,
        }
        payload = {name: value for name, value in {**valid, **claims}.items() if value is not None}
        return jwt.encode(payload, key, algorithm=alg, headers={"kid": kid} if kid else {})

    def _metadata(self) -> dict[str, str]:
        return {"jwks_uri": f"{self.url}/keys", "issuer": f"{self.url}/{TENANT_ID}/v2.0"}

    def _keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**public, "kid": key_id} for key_id in self.key_ids]}
