"""An embedded app of four pages, with the protocol of ID tokens and nothing else."""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

HEAD = """<!doctype html><html lang="en"><head><title>Attune</title><meta name="viewport" content="width=device-width">
<meta name="shopify-api-key" content="key"><script src="{origin}/cdn/app-bridge.js"></script>
<script src="{origin}/cdn/polaris-1.js"></script></head><body>
<s-app-nav><s-link href="/" rel="home">Home</s-link><s-link href="/admin/settings">Settings</s-link></s-app-nav>
"""
HOME = """<s-page heading="Attune">
<s-section heading="Here"><s-link href="/admin/list?n=3">To the list</s-link><s-button id="ask">Ask</s-button>
<s-button commandfor="sure" command="--show">Open</s-button></s-section>
<s-modal id="sure" heading="Sure"><s-paragraph>Really?</s-paragraph>
<s-button slot="secondary-actions" commandfor="sure" command="--hide">Cancel</s-button></s-modal></s-page>
<script>document.getElementById('ask').addEventListener('click', async () => {
  const answer = await fetch('/api/hello');
  shopify.toast.show('The app said ' + (await answer.json()).said);
});</script>"""
SETTINGS = """<s-page heading="Settings"><form><s-section heading="Display">
<s-text-field label="Heading" name="heading" value="Often bought together" required></s-text-field>
<s-number-field label="Number" name="count" value="4"></s-number-field>
<s-select label="Placement" name="place"><s-option value="product">Product</s-option>
<s-option value="cart">Cart</s-option></s-select><s-switch label="Live" name="live"></s-switch>
<s-choice-list label="Control" name="control"><s-choice value="native" selected>Native</s-choice>
<s-choice value="empty">Nothing</s-choice></s-choice-list>
<s-button type="submit" variant="primary">Save</s-button></s-section></form>
<s-section><s-paragraph>Sent: {sent}</s-paragraph></s-section></s-page>"""
OWN = ("embedded", "hmac", "host", "id_token", "locale", "shop", "timestamp")


class EmbeddedApp:
    def __init__(self, admin_origin: str) -> None:
        self._origin = admin_origin
        self.reset()

    def reset(self) -> None:
        self.tokens: list[str] = []
        self.patched = 0

    def flask(self) -> Flask:
        app = Flask("embedded")
        app.before_request(self._token)
        app.after_request(self._policy)
        app.add_url_rule("/", view_func=lambda: self._page(HOME), endpoint="home")
        app.add_url_rule("/admin/list", view_func=self._list)
        app.add_url_rule("/admin/settings", view_func=self._settings)
        app.add_url_rule("/patch", view_func=self._patch)
        app.add_url_rule("/api/hello", view_func=self._hello)
        return app

    def _token(self) -> AnyResponse | None:
        if request.path.startswith(("/patch", "/api")) or "id_token" in request.args:
            return None
        return redirect("/patch?shopify-reload=" + quote(request.full_path.rstrip("?"), safe=""))

    def _policy(self, response: Response) -> Response:
        response.headers["Content-Security-Policy"] = f"frame-ancestors {self._origin}"
        return response

    def _page(self, body: str) -> str:
        return HEAD.replace("{origin}", self._origin) + body

    def _list(self) -> str:
        return self._page(f'<s-page heading="List of {int(request.args["n"])}"></s-page>')

    def _settings(self) -> str:
        sent = sorted((name, value) for name, value in request.args.items() if name not in OWN)
        text = "&amp;".join(f"{name}={value}" for name, value in sent) or "nothing"
        return self._page(SETTINGS.replace("{sent}", text))

    def _patch(self) -> str:
        self.patched += 1
        return f'<script data-api-key="key" src="{self._origin}/cdn/app-bridge.js"></script>'

    def _hello(self) -> Response:
        self.tokens.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if len(self.tokens) == 1:
            return Response(status=401, headers={"X-Shopify-Retry-Invalid-Session-Request": "1"})
        return jsonify(said="hello")
