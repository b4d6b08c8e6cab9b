"""What a source can train, and why scores changed between two runs."""

from training.model.text.row import Row

ROWS = (
    Row(
        "can_train_states",
        ("{days} days of orders; {needed} needed", "{days} dagen met orders; {needed} nodig"),
        ("next rung and expected revenue", "volgende trede en verwachte omzet"),
    ),
    Row(
        "can_train_recorded",
        ("{switches} switches recorded", "{switches} keer vertrek vastgelegd"),
        ("switching", "vertrek"),
    ),
    Row(
        "can_train_silence",
        (
            "{switches} switches recorded, {needed} needed; until then an account that is silent beyond its own rhythm, or that only pays fees and has no contract left, counts as gone",
            "{switches} keer vertrek vastgelegd, {needed} nodig; tot dan telt een account dat langer stil is dan zijn eigen ritme verklaart, of dat alleen contributie betaalt en geen contract meer heeft, als vertrokken",
        ),
        ("switching", "vertrek"),
    ),
    Row(
        "cannot_train_leaving",
        (
            "{left:count} snapshots of accounts that left and {stayed:count} of accounts that stayed, {needed:count} of "
            "each needed: a longer history, or the table switches",
            "{left:count} momentopnamen van accounts die vertrokken en {stayed:count} van accounts die bleven, "
            "{needed:count} van elk nodig: een langere historie, of de tabel switches",
        ),
        ("switching", "vertrek"),
    ),
    Row(
        "can_train_renewal",
        (
            "{renewed:count} contracts renewed and {ended:count} ended, {needed:count} of each needed: contracts with "
            "ends_on, and what followed them",
            "{renewed:count} contracten zijn verlengd en {ended:count} liepen af, {needed:count} van elk nodig: contracten "
            "met ends_on, en wat erop volgde",
        ),
        ("renewals", "verlengingen"),
    ),
    Row(
        "slow_buyers",
        (
            "{share:%} of the accounts with two order days or more usually wait longer than the horizon of {horizon} days "
            "(in the middle {gap} days): outcome.horizon_days = {wanted} would hold them; until then leaving is judged by "
            "each account's own rhythm, and most of theirs cannot break within the horizon",
            "{share:%} van de accounts met twee of meer besteldagen wacht gewoonlijk langer dan de looptijd van {horizon} "
            "dagen (in het midden {gap} dagen): outcome.horizon_days = {wanted} zou ze omvatten; tot dan telt vertrek naar "
            "het eigen ritme, en dat van de meesten van hen kan binnen de looptijd niet breken",
        ),
    ),
    Row(
        "can_train_no_investments",
        (
            "no table investments; bring who got what and when, and investment_options with bond and cost",
            "geen tabel investments; lever aan wie wat wanneer kreeg, en investment_options met band en kosten",
        ),
        ("uplift of investments", "effect van investeringen"),
    ),
    Row(
        "can_train_uplift",
        (
            "{exposed:count} accounts whose exposure counts, {randomised:count} of them by lot, beside {controls:count} "
            "without; {needed:count} needed",
            "{exposed:count} accounts tellen mee, {randomised:count} daarvan door loting, naast {controls:count} zonder; "
            "{needed:count} nodig",
        ),
        ("uplift of {option}", "effect van {option}"),
    ),
    Row(
        "cannot_train_uplift",
        (
            "{cause:uplift_cause}; {exposed:count} accounts whose exposure counts, {randomised:count} of them by lot, beside "
            "{controls:count} without; {needed:count} needed",
            "{cause:uplift_cause}; {exposed:count} accounts tellen mee, {randomised:count} daarvan door loting, naast "
            "{controls:count} zonder; {needed:count} nodig",
        ),
        ("uplift of {option}", "effect van {option}"),
    ),
    Row(
        "p_switch_changed",
        (
            "{account:account}: p_switch from {before:%} to {after:%} ({change:+100.1} points): the account behaved "
            "differently {behaviour:+100.1}, the data were corrected {corrections:+100.1}, the model was changed "
            "{model:+100.1}{rungs:moved}",
            "{account:account}: p_switch van {before:%} naar {after:%} ({change:+100.1} punt): het account gedroeg zich anders "
            "{behaviour:+100.1}, de gegevens werden verbeterd {corrections:+100.1}, het model werd vervangen "
            "{model:+100.1}{rungs:moved}",
        ),
    ),
    Row(
        "expected_rung_changed",
        (
            "{account:account}: expected rung from {before:.2} to {after:.2} ({change:+.3}): the account behaved differently "
            "{behaviour:+.3}, the data were corrected {corrections:+.3}, the model was changed {model:+.3}{rungs:moved}",
            "{account:account}: verwachte trede van {before:.2} naar {after:.2} ({change:+.3}): het account gedroeg zich "
            "anders {behaviour:+.3}, de gegevens werden verbeterd {corrections:+.3}, het model werd vervangen "
            "{model:+.3}{rungs:moved}",
        ),
    ),
)
