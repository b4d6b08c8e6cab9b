"""Keys are made once, shown once, held as digests, and dead within seconds of their revocation."""

import math
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

import ladder
from features.errors import SettingsError, StoreError
from serving.api.errors import HttpError
from serving.api.security.key_store import (
    MOST_AGE_SECONDS,
    UsedKeys,
    WatchedRing,
    create_key,
    list_keys,
    read_ring,
    revoke_key,
    rotate_key,
)
from serving.api.security.keyring import Keyring
from serving.store.database import open_store
from serving.store.people.viewers import Visibility
from tests.databases import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> sa.Engine:
    if request.param == "sqlite":
        return open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    return open_store(new_database(request.getfixturevalue("postgres_server")))


def test_a_key_opens_until_it_is_revoked_and_the_others_stay(engine: sa.Engine) -> None:
    assert read_ring(engine).empty
    secret, other = create_key(engine, "crm", {"score", "plan"}), create_key(engine, "nightly", {"feedback"})
    key = read_ring(engine).find(secret)
    assert key is not None
    assert (key.name, key.scopes) == ("crm", {"score", "plan"})
    assert revoke_key(engine, "crm") == key.key_id
    assert read_ring(engine).find(secret) is None
    assert read_ring(engine).find(other) is not None
    revoke_key(engine, str(read_ring(engine).find(other).key_id))  # type: ignore[union-attr]
    assert not read_ring(engine).empty  # who once asked for keys goes on asking
    assert create_key(engine, "crm", {"score"}) != secret
    listed = list_keys(engine)
    assert [(k.name, k.scopes, k.revoked_at is None) for k in listed if k.name == "crm"] in (
        [("crm", "score plan", False), ("crm", "score", True)],
        [("crm", "score", True), ("crm", "score plan", False)],  # made within the same second
    )
    engine.dispose()


def test_the_key_itself_is_nowhere_on_the_disk(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    secret = create_key(engine, "crm", {"score"})
    engine.dispose()
    for file in tmp_path.iterdir():
        assert secret.split("_", 2)[2].encode() not in file.read_bytes()


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'ladder.db'}")
    create_key(engine, "crm", {"score"})
    for name, scopes in (("crm", {"score"}), ("", {"score"}), ("a\nb", {"score"}), ("x" * 101, {"score"})):
        with pytest.raises(SettingsError):
            create_key(engine, name, scopes)
    for scopes in ({"root"}, set(), {"score", "Score"}, {""}):
        with pytest.raises(SettingsError, match="there are score, plan, feedback, admin"):
            create_key(engine, "new", scopes)
    for wanted in ("nobody", "", "%"):
        with pytest.raises(SettingsError, match="ladder keys list"):
            revoke_key(engine, wanted)
    revoke_key(engine, "crm")
    with pytest.raises(SettingsError):
        revoke_key(engine, "crm")
    engine.dispose()


def test_the_last_keys_serve_for_a_while_where_the_store_cannot_be_read_and_then_no_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now, broken = 0.0, False

    def read() -> Keyring:
        if broken:
            raise StoreError("password is hunter2")
        return Keyring()

    watched = WatchedRing(read, lambda: now)
    with pytest.raises(HttpError, match="keys_unreadable"):
        watched.ring()
    watched.look()
    broken = True
    now = MOST_AGE_SECONDS - 1
    watched.look()
    assert watched.ring().empty
    now = MOST_AGE_SECONDS + 1
    watched.look()
    with pytest.raises(HttpError, match="keys_unreadable"):
        watched.ring()
    assert [record.message for record in caplog.records] == ["keys cannot be read"]
    assert "hunter2" not in caplog.text
    broken = False
    watched.look()
    assert watched.ring().empty


def test_the_command_line_makes_lists_and_revokes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", f"sqlite:///{tmp_path / 'ladder.db'}"]
    assert ladder.main(["keys", "create", "--name", "crm", "--scopes", "score,plan", *store]) == 0
    secret = capsys.readouterr().out.strip()
    assert re.fullmatch(r"ll_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", secret)
    assert ladder.main(["keys", "list", *store]) == 0
    listed = capsys.readouterr().out
    assert "crm" in listed
    assert secret.split("_")[1] in listed
    assert secret not in listed
    assert ladder.main(["keys", "revoke", secret.split("_")[1], *store, "--json"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == '{"keys": 0}'
    for wrong in (["create", *store], ["revoke", *store], ["revoke", "crm", *store],
                  ["create", "--name", "a", "--scopes", "all", *store], ["list", "--store", "mysql://x"]):  # fmt: skip
        assert ladder.main(["keys", *wrong]) == 1
        assert capsys.readouterr().err.startswith("ladder: ")


def test_a_key_ends_on_its_day_and_one_that_is_rotated_after_its_hours(engine: sa.Engine) -> None:
    ended = create_key(engine, "visitor", {"score"}, days=-1)
    assert read_ring(engine).find(ended) is None
    assert create_key(engine, "visitor", {"score"}, days=1)  # the name is free again
    old = create_key(engine, "crm", {"score"}, owners=("Anna", "Bob"), days=10)
    key_id, new = rotate_key(engine, "crm", 24)
    ring = read_ring(engine)
    before, after = ring.find(old), ring.find(new)
    assert before is not None
    assert after is not None
    assert (before.key_id, before.visibility, after.visibility) == (
        key_id,
        after.visibility,
        Visibility(("Anna", "Bob")),
    )
    assert before.expires < after.expires < math.inf
    again, newest = rotate_key(engine, "crm", 0)
    assert again == after.key_id
    assert read_ring(engine).find(new) is None
    assert read_ring(engine).find(newest) is not None
    with pytest.raises(SettingsError, match="ladder keys list"):
        rotate_key(engine, "nobody", 1)
    assert revoke_key(engine, "crm") == newest.split("_")[1]
    assert revoke_key(engine, key_id) == key_id
    engine.dispose()


def test_when_a_key_was_last_used_is_kept(engine: sa.Engine) -> None:
    secret, used = create_key(engine, "crm", {"score"}), UsedKeys()
    create_key(engine, "other", {"score"})
    ring = read_ring(engine, used.note)
    assert ring.find(secret) is not None
    assert ring.find(secret[:-1] + "?") is None
    used.keep(engine)
    used.keep(engine)
    assert {key.name: key.last_used_at is not None for key in list_keys(engine)} == {"crm": True, "other": False}
    engine.dispose()
