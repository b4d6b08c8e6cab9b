"""Whatever JSON a client sends to /lookup, /plan and /feedback, it never becomes a mistake of ours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.histories.histories import Histories
from features.sources.source import source_from_rows
from serving.api.store_endpoints.store_openapi import POSTS
from tests.databases import new_database
from tests.serving.integrations.crm_store import Crm
from tests.serving.runs import fill, profiles, scored
from training.simulator.simulation import Simulation

TEXTS = st.sampled_from(
    ["", " ", "A00001", "\x00", "\ud800", "\U0001f600", "x" * 300, "0001-01-01", "9999-12-31T23:59:59.999999Z",
     "2026-01-14", "0000-00-00", "2026-01-14T24:00", "1e400", "nan", "none", "rebate", "=1+1", "random",
     "'; drop table feedback; --"]
)  # fmt: skip
NUMBERS = st.sampled_from([0, -0.0, 1, -1, 0.5, 2**53 + 1, 2**63, -(2**63), 10**300, 1e308, 5e-324, True, False])
LEAVES = st.none() | TEXTS | NUMBERS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.just("will_switch"), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crm(
    request: pytest.FixtureRequest,
    folder: Path,
    histories: Histories,
    tiny: Simulation,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Crm]:
    sqlite = f"sqlite:///{tmp_path_factory.mktemp('store') / 'ladder.db'}"
    url = sqlite if request.param == "sqlite" else new_database(request.getfixturevalue("postgres_server"))
    fill(url, scored(folder, histories), profiles(tiny))
    with Crm(url) as crm:
        yield crm


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, Any]:
    """An example of the document with some of it replaced, taken away or added to."""
    posted = draw(st.sampled_from(POSTS))
    content = json.loads(json.dumps(posted.example))
    where = [content, *content.get("events", ())]
    where += [event["override"] for event in content.get("events", ()) if "override" in event]
    for _ in range(draw(st.integers(1, 3))):
        node = draw(st.sampled_from(where))
        name = draw(st.sampled_from(sorted(node)) | TEXTS) if node else draw(TEXTS)
        if draw(st.booleans()) or name not in node:
            node[name] = draw(VALUES)
        else:
            del node[name]
    return posted.path, draw(st.just(content) | st.just(content) | VALUES)


@settings(max_examples=250)
@given(bodies())
def test_no_body_makes_a_mistake_of_ours(crm: Crm, asked: tuple[str, Any]) -> None:
    path, body = asked
    answer = crm.client.post_json(path, body)
    assert answer.status_code in (200, 400, 413, 422), answer.text
    content = answer.json()
    assert (answer.status_code == 200) != ("error" in content)


def test_what_was_acknowledged_meanwhile_can_all_be_trained_on(crm: Crm) -> None:
    read = crm.read_back()
    source = source_from_rows(read)
    assert source.rows("investments") + source.rows("switches") > 0
    assert source.set_aside == ()
    assert [note for note in source.notes if "count as missing" in note] == []
