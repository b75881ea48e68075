"""Staged uploads: where an app leaves the variables file of a bulk mutation."""

from __future__ import annotations

import hmac
import secrets
import threading
from hashlib import sha256
from typing import Any

from devstore.admin_api.errors import NotSimulated
from devstore.options import Options

MAX_BYTES = 100 * 1024 * 1024


class Uploads:
    """Uploaded files by their key, which is what ``stagedUploadPath`` names."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._secret = secrets.token_bytes(32)
        self._files: dict[str, bytes] = {}
        self._forms: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def target(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """One ``StagedMediaUploadTarget``: the form fields must be posted as given, the file last."""
        if wanted["resource"] != "BULK_MUTATION_VARIABLES":
            raise NotSimulated(f"staged uploads of {wanted['resource']}")
        if wanted.get("httpMethod") != "POST":
            raise NotSimulated("staged uploads by PUT")
        shop = self._options.shop_domain
        key = f"tmp/{shop}/bulk/{secrets.token_hex(16)}/{wanted['filename']}"
        parameters = {
            "key": key,
            "Content-Type": wanted["mimeType"],
            "success_action_status": "201",
            "acl": "private",
            "x-goog-signature": self._sign(key),
        }
        with self._lock:
            self._forms[key] = parameters
        return {
            "url": f"{self._options.origin}/_uploads",
            "resourceUrl": None,
            "parameters": [{"name": name, "value": value} for name, value in parameters.items()],
        }

    def receive(self, form: dict[str, str], content: bytes) -> bool:
        """Keep a file; False when the form is not the one that was handed out."""
        key = form.get("key", "")
        with self._lock:
            # The signature covers the policy, and the policy every field: one left out or changed is refused.
            if form != self._forms.get(key) or len(content) > MAX_BYTES:
                return False
            self._files[key] = content
        return True

    def get(self, path: str) -> bytes | None:
        return self._files.get(path)

    def _sign(self, key: str) -> str:
        return hmac.new(self._secret, key.encode(), sha256).hexdigest()
