"""The talk sheet: whom to tell what next."""

from serving.scoring.advice.talk_sheet import talk_sheet

BENEFITS = [
    {"benefit": "a", "interest": "price", "role": None, "investment": None, "text_en": "cheap", "text_nl": "goedkoop"},
    {"benefit": "b", "interest": "price", "role": "decider", "investment": None, "text_en": None, "text_nl": "vast"},
]


def test_those_still_to_be_told_come_first_and_get_the_benefit_that_is_meant_for_them() -> None:
    timeline = {"people": [[3, 0, 900], [1, 0, None], [1, 1, 100], [-1, -1, None]], "told": [990, None, 100, None]}
    lines = talk_sheet(timeline, BENEFITS, as_of_day=1000)
    assert [(line.role, line.interest, line.addressed, line.text("nl")) for line in lines] == [
        ("user", "price", False, "goedkoop"), (None, None, False, None), ("user", "quality", False, None),
        ("decider", "price", True, "vast"),
    ]  # fmt: skip
    assert lines[-1].text("en") == "vast", "nobody wrote it in English"
    assert talk_sheet({"people": [[3, 0, 900]]}, [], 1000)[0].benefit is None
