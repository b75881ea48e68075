"""The part of the workers' wiring for the connection to Klaviyo."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from app.services import connect_klaviyo, disconnect_klaviyo, refresh_klaviyo, tell_klaviyo_trouble
from app.wiring.worker_outlets import WorkerOutlets

if TYPE_CHECKING:
    from app.adapters.klaviyo.apis import KlaviyoSdkApis
    from app.adapters.klaviyo.oauth import OAuthClient
    from app.adapters.klaviyo.tokens import Tokens


class WorkerKlaviyo(WorkerOutlets):
    """The connection to Klaviyo."""

    @cached_property
    def klaviyo_gate(self) -> OAuthClient:
        from app.adapters.klaviyo.oauth import OAuthClient

        return OAuthClient(
            client_id=self.settings.klaviyo_client_id,
            client_secret=self.settings.klaviyo_client_secret,
            redirect_uri=f"{self.settings.app_url}{connect_klaviyo.CALLBACK}",
            test_origin=self.settings.klaviyo_test_origin,
        )

    @cached_property
    def klaviyo_tokens(self) -> Tokens:
        from app.adapters.klaviyo.tokens import Tokens

        return Tokens(self.klaviyo_gate, self.klaviyo_connections, self.claims)

    @cached_property
    def klaviyo_apis(self) -> KlaviyoSdkApis:
        from app.adapters.klaviyo.apis import KlaviyoSdkApis

        return KlaviyoSdkApis(self.klaviyo_tokens, self.redis, origin=self.settings.klaviyo_test_origin)

    @cached_property
    def telling_klaviyo_trouble(self) -> tell_klaviyo_trouble.Ports:
        return tell_klaviyo_trouble.Ports(self.klaviyo_troubles, self.clock)

    @cached_property
    def finishing_klaviyo(self) -> connect_klaviyo.WorkPorts:
        return connect_klaviyo.WorkPorts(
            self.shops, self.klaviyo_askings, self.klaviyo_connections, self.klaviyo_gate, self.due_work, self.clock
        )

    @cached_property
    def leaving_klaviyo(self) -> disconnect_klaviyo.WorkPorts:
        return disconnect_klaviyo.WorkPorts(
            self.klaviyo_connections, self.engagement_hooks, self.klaviyo_gate, self.due_work
        )

    @cached_property
    def refreshing_klaviyo(self) -> refresh_klaviyo.Ports:
        return refresh_klaviyo.Ports(self.klaviyo_connections, self.klaviyo_tokens)

    def close(self) -> None:
        if "klaviyo_gate" in self.__dict__:
            self.klaviyo_gate.close()
        super().close()
