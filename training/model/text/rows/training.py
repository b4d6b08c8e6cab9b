"""What training says of what it learnt from and what it left out: slices, horizons, sets, margins, tuned settings."""

from training.model.text.row import Row

ROWS = (
    Row(
        "not_judged_by_wish",
        (
            "not judged out of time: no folds were asked for",
            "niet op latere tijd beoordeeld: daar is niet om gevraagd",
        ),
    ),
    Row(
        "rule_by_wish",
        (
            "{task:task}: not learnt, as asked; the rule {rule:baseline} stands in its place",
            "{task:task}: niet geleerd, zoals gevraagd; de regel {rule:baseline} staat ervoor in de plaats",
        ),
    ),
    Row(
        "quick_by_wish",
        (
            "a quick training, as asked: fewer trees and dates, no pictures and no placebo checks of effects; train in "
            "full before anything is decided on it",
            "een snelle training, zoals gevraagd: minder bomen en peildata, geen plaatjes en geen placebotoetsen van "
            "effecten; train volledig voordat er iets op besloten wordt",
        ),
    ),
    Row(
        "uplift_by_wish",
        (
            "effects of investments: not learnt, as asked; nothing is recommended",
            "effecten van investeringen: niet geleerd, zoals gevraagd; er wordt niets aangeraden",
        ),
    ),
    Row("not_judged", ("not judged out of time: {message}", "niet op latere tijd beoordeeld: {message}")),
    Row(
        "learnt_from",
        (
            "next rung and revenue: {snapshots:count} snapshots in {slices:# slice|# slices} from {first:date} to "
            "{last:date}",
            "volgende trede en omzet: {snapshots:count} momentopnamen in {slices:# peiling|# peilingen} van "
            "{first:date} tot en met {last:date}",
        ),
    ),
    Row(
        "switching_left_out",
        (
            "switching: left out; {switched:count} of {at_risk:count} snapshots left, at least {needed:count} that "
            "left and {needed:count} that stayed are needed",
            "vertrek: weggelaten; {switched:count} van {at_risk:count} momentopnamen vertrokken, nodig zijn er minstens "
            "{needed:count} die vertrokken en {needed:count} die bleven",
        ),
    ),
    Row(
        "switching_learnt",
        (
            "switching ({definition:definition}): {switched:count} of {at_risk:count} snapshots left",
            "vertrek ({definition:definition}): {switched:count} van {at_risk:count} momentopnamen vertrokken",
        ),
    ),
    Row(
        "revenue_by_schedule",
        (
            "expected revenue of {slow:count} of {accounts:count} accounts is by schedule: {gap:count} days or more lie "
            "between their orders, so what they ordered in the same season a year ago counts, times the chance of an order",
            "verwachte omzet van {slow:count} van {accounts:count} klanten volgt hun bestelritme: tussen hun bestellingen "
            "liggen {gap:count} dagen of meer, dus telt wat ze een jaar geleden in dit seizoen bestelden, maal de kans op "
            "een bestelling",
        ),
    ),
    Row(
        "revenue_held",
        (
            "expected revenue: a sum over accounts (of all, or of those by schedule) was multiplied by {factor:.2}, so "
            "that it is at most twice the highest and at least half of the lowest of three simple rules (the last {days:count} days "
            "again, the last year's pace, the same season a year ago); too little has recurred to learn more",
            "verwachte omzet: een som over klanten (alle, of die met een bestelritme) is vermenigvuldigd met {factor:.2}, "
            "zodat ze hoogstens het dubbele van de hoogste en minstens de helft van de laagste van drie simpele regels is (de "
            "laatste {days:count} dagen opnieuw, het tempo van het laatste jaar, hetzelfde seizoen een jaar geleden); er "
            "is te weinig teruggekeerd om meer te leren",
        ),
    ),
    Row(
        "triggers_shared_out",
        (
            "triggers: shared out by what their traces add to the chance of leaving; too few reasons of switches are "
            "recorded to learn from or to check that (switches.trigger)",
            "aanleidingen: verdeeld naar wat hun sporen aan de kans op vertrek toevoegen; er zijn te weinig redenen van "
            "vertrek vastgelegd om van te leren of om dat te toetsen (switches.trigger)",
        ),
    ),
    Row(
        "triggers_unjudged",
        (
            "triggers: learnt from the recorded reasons; too few of them to judge that out of time",
            "aanleidingen: geleerd van de vastgelegde redenen; te weinig om dat op latere tijd te beoordelen",
        ),
    ),
    Row(
        "triggers_judged",
        (
            "triggers: learnt from the recorded reasons; of {judged:count} later ones, two of different families are "
            "told apart {auc:100} times in 100 (50 would be guessing)",
            "aanleidingen: geleerd van de vastgelegde redenen; van {judged:count} latere worden er twee van "
            "verschillende soort {auc:100} van de 100 keer onderscheiden (50 is raden)",
        ),
    ),
    Row(
        "sets_uncalibrated",
        (
            "sets of rungs: not calibrated, too little was complete before the latest slice; they grow to a mass of "
            "{threshold:.3}",
            "verzamelingen van treden: niet gekalibreerd, te weinig was compleet vóór de laatste peiling; ze groeien "
            "tot een kans van {threshold:.3}",
        ),
    ),
    Row(
        "sets_calibrated",
        (
            "sets of rungs: {stated:%} stated; {covered:%1} of {snapshots:count} snapshots of {at:date}, predicted by "
            "{by:calibrated_by}, are held; they grow to a mass of {threshold:.3}",
            "verzamelingen van treden: {stated:%} opgegeven; {covered:%1} van {snapshots:count} momentopnamen op "
            "{at:date}, voorspeld door {by:calibrated_by}, valt erin; ze groeien tot een kans van {threshold:.3}",
        ),
    ),
    Row(
        "sets_exceeded",
        (
            "sets of rungs: the most probable rung alone was right for {alone:%1}, more than the {stated:%} asked for",
            "verzamelingen van treden: de waarschijnlijkste trede alleen al klopte voor {alone:%1}, meer dan de "
            "gevraagde {stated:%}",
        ),
    ),
    Row(
        "intervals_uncalibrated",
        (
            "intervals of expected revenue: not calibrated, too little was complete before the latest slice",
            "intervallen van de verwachte omzet: niet gekalibreerd, te weinig was compleet vóór de laatste peiling",
        ),
    ),
    Row(
        "intervals_calibrated",
        (
            "intervals of expected revenue: {stated:%} stated; {covered:%1} of {snapshots:count} snapshots of "
            "{at:date}, predicted by {by:calibrated_by}, are held",
            "intervallen van de verwachte omzet: {stated:%} opgegeven; {covered:%1} van {snapshots:count} "
            "momentopnamen op {at:date}, voorspeld door {by:calibrated_by}, valt erin",
        ),
    ),
    Row(
        "renewal_learnt",
        (
            "renewals: {renewed:count} of {contracts:count} contracts renewed, {smaller:count} of them smaller, and "
            "{ended:count} ended",
            "verlengingen: {renewed:count} van {contracts:count} contracten zijn verlengd, waarvan {smaller:count} "
            "kleiner, en {ended:count} liepen af",
        ),
    ),
    Row(
        "no_contract_followed",
        (
            "renewals: left out; {ended:count} contracts were seen to end and none was followed by another. Where ends_on is "
            "moved on at each renewal, what was known earlier is lost, and chances of leaving and expected revenue are "
            "wrong: write a row for each term, or leave ends_on out",
            "verlengingen: weggelaten; {ended:count} contracten liepen af en op geen ervan volgde een ander. Waar ends_on bij "
            "elke verlenging wordt opgeschoven, is verloren wat eerder bekend was, en kloppen kansen op vertrek en verwachte "
            "omzet niet: schrijf een rij per looptijd, of laat ends_on weg",
        ),
    ),
    Row(
        "renewal_left_out",
        (
            "renewals: left out; {renewed:count} contracts were seen to renew and {ended:count} to end, {needed:count} "
            "of each are needed: contracts with ends_on, and what followed them",
            "verlengingen: weggelaten; {renewed:count} contracten zijn verlengd en {ended:count} liepen af, van elk zijn "
            "er {needed:count} nodig: contracten met ends_on, en wat erop volgde",
        ),
    ),
    Row(
        "win_back_learnt",
        (
            "winning back: of {snapshots:count} snapshots of former customers {share:%1} ordered again within "
            "{days:count} days, {accounts:# account|# accounts}; each brought {revenue:money} in that time on average",
            "terugwinnen: van {snapshots:count} momentopnamen van vroegere klanten bestelde {share:%1} binnen "
            "{days:count} dagen weer, {accounts:# account|# accounts}; elk bracht in die tijd gemiddeld {revenue:money}",
        ),
    ),
    Row(
        "win_back_left_out",
        (
            "winning back: left out; {back:count} former customers were seen to come back and {away:count} to stay "
            "away, {needed:count} of each are needed",
            "terugwinnen: weggelaten; {back:count} vroegere klanten kwamen terug en {away:count} bleven weg, van elk "
            "zijn er {needed:count} nodig",
        ),
    ),
    Row(
        "lifetime_learnt",
        (
            "lifetime value: {years:# year|# years} ahead, discounted at {rate:%1} a year; of customers and higher "
            "{low:%} to {high:%} are still there after {days:count} days, by rung; accounts that never ordered: "
            "{newcomers:newcomers}",
            "klantwaarde: {years:# jaar|# jaar} vooruit, verdisconteerd met {rate:%1} per jaar; van klanten en hoger is "
            "na {days:count} dagen {low:%} tot {high:%} er nog, naar trede; accounts die nooit bestelden: "
            "{newcomers:newcomers}",
        ),
    ),
    Row(
        "lifetime_left_out",
        (
            "lifetime value: left out; {needed:count} complete snapshots of accounts with orders are needed",
            "klantwaarde: weggelaten; er zijn {needed:count} volledige momentopnamen van accounts met orders nodig",
        ),
    ),
    Row(
        "lifetime_judged",
        (
            "lifetime value of a year: it misses by {mae:money} on average; last year's margin times the average "
            "lifetime misses by {theirs:money} (difference {low:money} to {high:money} [{level:%}]); its sum is off by "
            "{bias:+%1}; {covered:%} of {snapshots:count} lay within the interval",
            "klantwaarde van een jaar: zit er gemiddeld {mae:money} naast; de marge van vorig jaar maal de gemiddelde "
            "levensduur {theirs:money} (verschil {low:money} tot {high:money} [{level:%}]); de som zit er {bias:+%1} "
            "naast; {covered:%} van {snapshots:count} lag binnen het interval",
        ),
    ),
    Row(
        "next_order_left_out",
        (
            "next order: left out; fewer than {needed:count} gaps between order days were seen to end",
            "volgende order: weggelaten; minder dan {needed:count} tussentijden van orderdagen liepen af",
        ),
    ),
    Row(
        "if_order_uncalibrated",
        (
            "ranges of the revenue if there is an order: not calibrated, too little was complete before the latest "
            "slice",
            "bandbreedtes van de omzet als er een order komt: niet gekalibreerd, te weinig was compleet vóór de laatste "
            "peiling",
        ),
    ),
    Row(
        "if_order_calibrated",
        (
            "ranges of the revenue if there is an order: {stated:%} stated; {covered:%1} of {snapshots:count} snapshots "
            "of {at:date}, predicted by {by:calibrated_by}, are held",
            "bandbreedtes van de omzet als er een order komt: {stated:%} opgegeven; {covered:%1} van {snapshots:count} "
            "momentopnamen op {at:date}, voorspeld door {by:calibrated_by}, valt erin",
        ),
    ),
    Row(
        "horizon_left_out",
        (
            "{days:count} days ahead: left out; no slice is complete that far ahead. Bring a longer history",
            "{days:count} dagen vooruit: weggelaten; geen peiling is zo ver vooruit compleet. Breng een langere "
            "historie mee",
        ),
    ),
    Row(
        "horizon_learnt",
        (
            "{days:count} days ahead: {snapshots:count} snapshots in {slices:# slice|# slices} up to {last:date}",
            "{days:count} dagen vooruit: {snapshots:count} momentopnamen in {slices:# peiling|# peilingen} tot en met "
            "{last:date}",
        ),
    ),
    Row(
        "horizon_without_switching",
        (
            "{days:count} days ahead: switching left out, too few left or stayed",
            "{days:count} dagen vooruit: vertrek weggelaten, te weinig vertrokken of bleven",
        ),
    ),
    Row(
        "horizon_without_falls",
        (
            "{days:count} days ahead: within it no order was old enough to leave the ladder's window of {window:count} "
            "days, so that nobody was seen to fall in that way, and such falls are underestimated",
            "{days:count} dagen vooruit: daarbinnen was geen order oud genoeg om het venster van de ladder van "
            "{window:count} dagen te verlaten, zodat niemand zo is zien dalen; zulke dalingen worden onderschat",
        ),
    ),
    Row(
        "margin_as_set",
        (
            "gross margin: {rate:%} as set (uplift.margin_rate); bring orders.cost to have it from your own data",
            "brutomarge: {rate:%} zoals ingesteld (uplift.margin_rate); breng orders.cost mee om haar uit eigen "
            "gegevens te halen",
        ),
    ),
    Row(
        "margin_known",
        (
            "gross margin: {rate:%} over the orders whose cost is known; by account where its own are known",
            "brutomarge: {rate:%} over de orders met bekende kostprijs; per account waar de eigen kosten bekend zijn",
        ),
    ),
    Row(
        "margin_by_line",
        (
            "gross margin: {rate:%} over the orders whose cost is known; where an account's orders lack their cost, "
            "that of their product line ({low:%} to {high:%})",
            "brutomarge: {rate:%} over de orders met bekende kostprijs; waar die van een account ontbreekt, de marge "
            "van de productlijn ({low:%} tot {high:%})",
        ),
    ),
    Row(
        "tuning_tried",
        (
            "tuning: {trials:# booster setting was|# booster settings were} tried in {seconds:count} seconds, on "
            "{predictions:tasks} at {origins:dates}",
            "afstelling: {trials:# instelling|# instellingen} van de booster geprobeerd in {seconds:count} seconden, op "
            "{predictions:tasks} op {origins:dates}",
        ),
    ),
    Row(
        "tuning_no_time",
        (
            "tuning: the settings given were kept; there was no time for a second trial",
            "afstelling: de opgegeven instellingen bleven staan; er was geen tijd voor een tweede poging",
        ),
    ),
    Row(
        "tuning_none_better",
        (
            "tuning: the settings given were kept; no other was better",
            "afstelling: de opgegeven instellingen bleven staan; geen andere was beter",
        ),
    ),
    Row(
        "tuning_within_error",
        (
            "tuning: the settings given were kept; the best other changed log loss by {change:+%2} "
            "[{level:%}: {low:+%2} to {high:+%2}], within one standard error",
            "afstelling: de opgegeven instellingen bleven staan; de beste andere veranderde de log loss met "
            "{change:+%2} [{level:%}: {low:+%2} tot {high:+%2}], binnen één standaardfout",
        ),
    ),
    Row(
        "tuning_taken",
        (
            "tuning: taken were {settings:changes}; on the origins that chose them log loss changed by {change:+%2} "
            "[{level:%}: {low:+%2} to {high:+%2}]",
            "afstelling: genomen zijn {settings:changes}; op de momenten die ze kozen veranderde de log loss met "
            "{change:+%2} [{level:%}: {low:+%2} tot {high:+%2}]",
        ),
    ),
    *(
        Row(
            f"tuning_judged_{code}",
            (
                "tuning: on the origins that judge, which chose nothing, log loss changed by {change:+%2} "
                f"[{{level:%}}: {{low:+%2}} to {{high:+%2}}]; {english}",
                "afstelling: op de momenten die beoordelen en niets kozen veranderde de log loss met {change:+%2} "
                f"[{{level:%}}: {{low:+%2}} tot {{high:+%2}}]; {dutch}",
            ),
        )
        for code, english, dutch in (
            ("better", "it is better there too", "ook daar is het beter"),
            ("open", "it is not shown to be better there", "daar is niet gebleken dat het beter is"),
            ("worse", "it is worse there: better train without --tune",
             "daar is het slechter: train liever zonder --tune"),
        )
    ),
)  # fmt: skip
