"""What the web process carries: none of the heavy libraries, whatever route has been asked."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from app.core.recommend.types import Placement

HEAVY = (
    "implicit",
    "scipy",
    "pandas",
    "sklearn",
    "jax",
    "lightgbm",
    "duckdb",
    "ibis",
    "pyarrow",
    "ibis",
    "pyarrow",
    "pyspark",
    "klaviyo_api",
    "openapi_client",
    "graphql",
)
OURS = (
    "app.core.recommend.models",
    "app.analytics",
    "app.adapters.klaviyo",
    "app.wiring.worker",
    "workers",
    "devstore",
)

SCRIPT = f"""
import sys
from app.web.wsgi import app
client = app.test_client()
for path in ("/healthz", "/metrics", "/proxy/v1/recommendations", "/proxy/v1/rail", "/"):
    client.get(path)
for path in ("/admin/klaviyo", "/admin/email", "/klaviyo/connect?state=1"):
    client.get(path)
client.post("/klaviyo/connect", data={{"state": "1", "page": "x"}})
client.get("/klaviyo/callback?state=1&code=x")
client.post("/klaviyo/webhooks/1", data=b"{{}}")
client.post("/collect", data=b"{{}}")
client.post("/webhooks", data=b"{{}}")
heavy = [name for name in sys.modules if name.split(".")[0] in {HEAVY!r}]
ours = [name for name in sys.modules if name.startswith({OURS!r})]
print(sorted(heavy + ours))
"""


def test_the_web_process_reaches_none_of_the_heavy_libraries(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip().splitlines()[-1] == "[]"


def test_the_load_generator_signs_as_shopify_does() -> None:
    from app.adapters.shopify.proxy_signature import ProxySignature
    from app.cli.bench.serve import questions

    signature = ProxySignature("secret")
    now = datetime.now(UTC).timestamp()
    for placement in Placement:
        asked = questions("secret", placement)
        assert len(set(asked)) == len(asked)
        assert all(signature.parameters(one.partition("?")[2], now_s=now)["placement"] == placement for one in asked)
