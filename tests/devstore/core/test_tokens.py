"""Token exchange, refresh, expiry and revocation."""

from __future__ import annotations

from devstore.installation import ACCESS_LIFETIME_S, REFRESH_LIFETIME_S, Installation
from devstore.jwt import mint_id_token
from tests.devstore.core.shop import Shop, options

SHOP = "{ shop { id } }"


def refresh(shop: Shop, token: str) -> tuple[int, dict[str, object]]:
    return shop.oauth(grant_type="refresh_token", refresh_token=token)


def test_the_first_exchange_installs_the_app(bare: Shop) -> None:
    assert bare.dev("GET", "state").get_json()["installed"] is False
    status, tokens = bare.exchange()
    assert status == 200
    assert tokens["expires_in"] == ACCESS_LIFETIME_S
    assert tokens["refresh_token_expires_in"] == REFRESH_LIFETIME_S
    assert bare.dev("GET", "state").get_json()["installed"] is True


def test_the_scope_of_a_token_leaves_out_what_write_includes(bare: Shop) -> None:
    _, tokens = bare.exchange()
    assert tokens["scope"] == "read_all_orders,read_customers,read_inventory,read_orders,write_products"


def test_a_forged_id_token_is_an_invalid_subject_token(bare: Shop) -> None:
    forged = mint_id_token(options(api_secret="other"))
    assert bare.exchange(forged)[1]["error"] == "invalid_subject_token"


def test_an_expired_id_token_is_an_invalid_subject_token(bare: Shop) -> None:
    status, body = bare.exchange(mint_id_token(bare.options, lifetime_s=-60))
    assert (status, body["error"]) == (400, "invalid_subject_token")


def test_an_id_token_of_another_shop_is_an_invalid_subject_token(bare: Shop) -> None:
    other = mint_id_token(options(shop_domain="other.myshopify.com"))
    assert bare.exchange(other)[1]["error"] == "invalid_subject_token"


def test_garbage_is_an_invalid_subject_token(bare: Shop) -> None:
    assert bare.exchange("not.a.token")[1]["error"] == "invalid_subject_token"


def test_a_wrong_client_secret_is_refused(bare: Shop) -> None:
    assert bare.exchange(client_secret="wrong")[0] == 401


def test_a_non_expiring_offline_token_is_refused(bare: Shop) -> None:
    assert bare.exchange(expiring=0)[1]["error"] == "invalid_request"


def test_no_or_an_unknown_access_token_is_401(shop: Shop) -> None:
    assert shop.post(SHOP, token="").status_code == 401
    assert shop.post(SHOP, token="shpat_other").status_code == 401


def test_an_expired_access_token_is_401_until_refreshed(shop: Shop) -> None:
    shop.dev("POST", "tokens/expire")
    assert shop.post(SHOP).status_code == 401
    status, pair = refresh(shop, shop.refresh_token)
    assert status == 200
    assert shop.post(SHOP, token=str(pair["access_token"])).status_code == 200


def test_an_expired_refresh_token_is_an_invalid_grant(shop: Shop) -> None:
    shop.dev("POST", "tokens/expire", refresh=True)
    assert refresh(shop, shop.refresh_token) == (400, refresh(shop, shop.refresh_token)[1])
    assert refresh(shop, shop.refresh_token)[1]["error"] == "invalid_grant"


def test_an_old_refresh_token_works_until_its_replacement_is_used(shop: Shop) -> None:
    old = shop.refresh_token
    _, second = refresh(shop, old)
    assert refresh(shop, old)[0] == 200
    assert refresh(shop, str(second["refresh_token"]))[0] == 200
    assert refresh(shop, old)[0] == 400


def test_tokens_run_out_in_wall_time() -> None:
    clock = [0.0]
    installation = Installation({"read_products"}, now=lambda: clock[0])
    pair = installation.grant()
    clock[0] = ACCESS_LIFETIME_S - 1
    assert installation.accepts(pair.access_token)
    clock[0] = ACCESS_LIFETIME_S
    assert not installation.accepts(pair.access_token)
    clock[0] = REFRESH_LIFETIME_S
    assert installation.refresh(pair.refresh_token) is None


def test_uninstalling_kills_every_token(shop: Shop) -> None:
    shop.dev("POST", "uninstall")
    assert shop.post(SHOP).status_code == 401
    assert refresh(shop, shop.refresh_token)[0] == 400


def test_opening_the_app_again_installs_it_again(shop: Shop) -> None:
    shop.dev("POST", "uninstall")
    assert shop.install().post(SHOP).status_code == 200


def test_a_new_installation_grants_the_scopes_of_the_toml_again(shop: Shop) -> None:
    shop.dev("POST", "scopes", granted=["read_products"])
    shop.dev("POST", "uninstall")
    assert "read_orders" in shop.exchange()[1]["scope"]


def test_an_online_token_names_its_user(bare: Shop) -> None:
    _, body = bare.exchange(requested_token_type="urn:shopify:params:oauth:token-type:online-access-token")
    assert body["associated_user"]["id"] == 1
    assert bare.post(SHOP, token=body["access_token"]).status_code == 200
