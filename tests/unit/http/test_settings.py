"""The environment: what is wrong is said with what is allowed; secrets are never repeated and never defaults."""

import stat
from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError
from tests.unit.http.asking import ENV


def test_the_defaults_serve_the_loopback_only() -> None:
    settings = Settings.from_env(ENV)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.origins == {"http://localhost:8000", "http://127.0.0.1:8000"}
    assert settings.database_owner_url == settings.database_url
    assert settings.emergency_number == "110"
    assert not settings.trusted_proxy and not settings.demo


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("DATABASE_URL", "", "not set"),
        ("DATABASE_URL", "mysql://secret@host/x", "postgresql://"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("PORT", "http", "1 to 65535"),
        ("PORT", "0", "1 to 65535"),
        ("PORT", "70000", "1 to 65535"),
        ("PORT", "²", "1 to 65535"),
        ("ONBEAT_TLS_CERT", "/nowhere", "belong together"),
        ("ONBEAT_VAPID_KEY", "short", "43 characters"),
        ("ONBEAT_VAPID_KEY_FILE", "/nowhere", "cannot be read"),
        ("ONBEAT_PUSH_HOSTS", "FCM.example", "small letters"),
        ("ONBEAT_PUSH_ORIGINS", "http://a.example/x", "nothing after"),
        ("ONBEAT_READ_LIMITS", "-1", "from 0"),
        ("ONBEAT_DEMO", "maybe", "1, true"),
        ("ONBEAT_TRUSTED_PROXY", "10.0.0.1", "1, true"),
        ("ONBEAT_ORIGINS", "https://a.example/", "nothing after"),
        ("ONBEAT_ORIGINS", "a.example", "http:// or https://"),
        ("ONBEAT_TILES", "tiles.example/{z}/{x}/{y}.png", "https://"),
        ("ONBEAT_TILES", "https://tiles.example/{z}; script-src *", "https://"),
        ("ONBEAT_TILES", "https://u:p@tiles.example/a.pmtiles", "https://"),
        ("ONBEAT_TILES", "//tiles.example/a.pmtiles", "https://"),
        ("ONBEAT_TILES", "https://tiles.example:port/a.pmtiles", "https://"),
        ("ONBEAT_PEPPER", "short", "32 characters"),
        ("ONBEAT_PEPPER_FILE", "/nowhere", "both set"),
        ("ONBEAT_TICKET_KEY", "p" * 32, "equal"),
        ("ONBEAT_TICKET_KEY", "", "ONBEAT_DEMO=1"),
        ("ONBEAT_HEADS", "/heads", "a secret that signs"),
        ("ONBEAT_WITNESS_KEY", "w" * 32, "must name the folder"),
        (
            "OIDC_ISSUER",
            "https://id.example",
            "half a provider: OIDC_CLIENT_ID and OIDC_CLIENT_SECRET and OIDC_NAME",
        ),
        ("OIDC_CLIENT_SECRET", "short", "16 characters"),
        ("OIDC_STRONG_AMR", "mfa", "half a provider"),
    ],
)
def test_a_wrong_word_is_refused_with_what_is_allowed(name: str, value: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=hint) as caught:
        Settings.from_env(ENV | {name: value})
    assert name in str(caught.value)
    assert "secret" not in str(caught.value).replace("a secret", "").replace("secrets", "")


def test_a_vault_without_a_gateway_stays_open_and_confirms_nothing() -> None:
    """The gateway's contract ended: who reported by name until then is still called back."""
    phones = Settings.from_env(ENV | {"ONBEAT_VAULT_KEY": "v" * 32}).phones
    assert phones is not None and phones.vault_key == b"v" * 32 and phones.gateway is None and not phones.outbox
    assert Settings.from_env(ENV).phones is None


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    held = tmp_path / "pepper"
    held.write_text("f" * 40 + "\n")
    env = {name: value for name, value in ENV.items() if name != "ONBEAT_PEPPER"}
    assert Settings.from_env(env | {"ONBEAT_PEPPER_FILE": str(held)}).pepper == b"f" * 40


def test_the_demonstration_makes_its_secrets_once_and_for_its_owner_only(tmp_path: Path) -> None:
    env = {
        "DATABASE_URL": ENV["DATABASE_URL"],
        "REDIS_URL": ENV["REDIS_URL"],
        "ONBEAT_DEMO": "1",
        "ONBEAT_CREDENTIALS": str(tmp_path / "deep" / "credentials.json"),
    }
    one, two = Settings.from_env(env), Settings.from_env(env)
    assert (one.pepper, one.ticket_key) == (two.pepper, two.ticket_key)
    assert one.pepper != one.ticket_key and len(one.pepper) >= 32
    files = list((tmp_path / "deep").iterdir())
    assert sorted(file.name for file in files) == ["secrets.json", "vapid.key"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600


def test_map_tiles_open_the_policy_for_their_own_origin_only() -> None:
    tiles = {
        "": None,
        "/tiles/city.pmtiles": None,
        "https://tiles.example/{z}/{x}/{y}.png?key=a": "https://tiles.example",
        "http://localhost:9000/style.json": "http://localhost:9000",
    }
    found = {text: Settings.from_env(ENV | {"ONBEAT_TILES": text}).basemap.origin for text in tiles}
    assert found == tiles


def test_origins_are_taken_exactly() -> None:
    settings = Settings.from_env(ENV | {"ONBEAT_ORIGINS": "https://a.example, https://b.example:8443"})
    assert settings.origins == {"https://a.example", "https://b.example:8443"}


OIDC = {
    "OIDC_ISSUER": "https://id.example/realms/police",
    "OIDC_CLIENT_ID": "onbeat",
    "OIDC_CLIENT_SECRET": "s" * 24,
    "OIDC_NAME": "City ID",
}


def test_an_identity_provider_is_all_there_or_not_at_all(tmp_path: Path) -> None:
    assert Settings.from_env(ENV).openid is None
    whole = Settings.from_env(ENV | OIDC).openid
    assert whole is not None and (whole.issuer, whole.login_claim, whole.strong_amr) == (OIDC["OIDC_ISSUER"], None, ())
    for name in OIDC:
        with pytest.raises(SettingsError, match=f"half a provider: {name} must be set too"):
            Settings.from_env(ENV | {other: value for other, value in OIDC.items() if other != name})
    held = tmp_path / "secret"
    held.write_text("f" * 24 + "\n")
    more = {"OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": str(held), "OIDC_STRONG_ACR": "a,b"}
    read = Settings.from_env(ENV | OIDC | more).openid
    assert read is not None and (read.client_secret, read.strong_acr) == ("f" * 24, ("a", "b"))


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("OIDC_ISSUER", "http://id.example", "https://"),
        ("OIDC_ISSUER", "https://id.example/?x=1", "https://"),
        ("OIDC_ISSUER", "https://u:p@id.example", "https://"),
        ("OIDC_CLIENT_ID", "on beat", "no blanks"),
        ("OIDC_CLIENT_SECRET", "s" * 20 + "\u00e9", "ASCII"),
        ("OIDC_NAME", "x" * 41, "stands on a button"),
        ("OIDC_NAME", "a\nb", "stands on a button"),
        ("OIDC_LOGIN_CLAIM", "two claims", "name one claim"),
        ("OIDC_STRONG_ACR", "a, b", "no blanks"),
        ("OIDC_STRONG_AMR", ",", "no blanks"),
        ("OIDC_MAX_AGE_S", "10", "from 60"),
        ("OIDC_MAX_AGE_S", "soon", "from 60"),
        ("OIDC_SIGN_OUT", "everywhere", "there"),
    ],
)
def test_an_identity_provider_that_is_set_wrong_is_refused_by_name(name: str, value: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=hint) as caught:
        Settings.from_env(ENV | OIDC | {name: value})
    assert name in str(caught.value)


def test_signing_out_goes_on_to_the_provider_unless_the_operator_says_here() -> None:
    told = [Settings.from_env(ENV | OIDC | {"OIDC_SIGN_OUT": one}).openid for one in ("", "there", "here")]
    assert [one and one.sign_out for one in told] == [True, True, False]


def test_a_provider_on_this_very_machine_may_be_plain() -> None:
    openid = Settings.from_env(ENV | OIDC | {"OIDC_ISSUER": "http://localhost:3000"}).openid
    assert openid is not None and openid.issuer == "http://localhost:3000"
