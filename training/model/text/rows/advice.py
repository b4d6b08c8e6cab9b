"""Why to act by a day (`serving.scoring.advice.act_by`)."""

from training.model.text.row import Row

ROWS = (
    Row("act_by_open_ticket", (
        "by {on:date}: they wait for an answer to a ticket", "uiterlijk {on:date}: ze wachten op antwoord op een melding",
    )),
    Row("act_by_contract_end", (
        "by {on:date}: after it there is little time left until a contract ends",
        "uiterlijk {on:date}: daarna is er weinig tijd tot een contract afloopt",
    )),
    Row("act_by_overdue", (
        "by {on:date}: the order that was expected has not come", "uiterlijk {on:date}: de verwachte order bleef uit",
    )),
    Row("act_by_next_order", (
        "before {on:date}: they usually order then", "vóór {on:date}: dan bestellen ze gewoonlijk",
    )),
    Row("act_by_playbook", ("by {on:date}: so the playbook says", "uiterlijk {on:date}: zo zegt het draaiboek")),
)  # fmt: skip
