"""What monitoring says of the model in use: the label clock, reasons for its advice, what came true."""

from training.model.text.row import Row

_DRIFT = (
    "drift beyond the usual in {columns:list}{more:| and one more| and # more}; {weight:%} of the model's weight lies on "
    "what drifted",
    "meer drift dan gewoonlijk in {columns:list}{more:| en nog één| en nog #}; {weight:%} van het gewicht van het model "
    "ligt op wat verschoof",
)
_DRIFT_SHORT = (
    "the data lie farther from those of its training than is usual",
    "de gegevens liggen verder van die van de training dan gewoonlijk",
)
_AGED = (
    "the model is {age:count} days old, and a complete set of labels is there since {due:date}, "
    "{late:one day|# days} ago: a model trained now learns from it",
    "het model is {age:count} dagen oud, en sinds {due:date}, {late:één dag|# dagen} geleden, is een complete set "
    "uitkomsten bekend: een model dat nu wordt getraind leert ervan",
)
_AGED_SHORT = (
    "there are outcomes of a whole horizon that it has not learnt from",
    "er zijn uitkomsten van een hele looptijd waarvan het niet heeft geleerd",
)

ROWS = (
    Row(
        "labels_due",
        (
            "the next complete set of labels is due on {due:date}, in {left:one day|# days}; {seen:%} of its "
            "{days:count} days have been seen",
            "de volgende complete set uitkomsten is er op {due:date}, over {left:één dag|# dagen}; {seen:%} van de "
            "{days:count} dagen is voorbij",
        ),
    ),
    Row(
        "labels_there",
        (
            "a complete set of labels is there since {due:date}, {late:one day|# days} ago: a model trained now learns "
            "from it",
            "sinds {due:date}, {late:één dag|# dagen} geleden, is een complete set uitkomsten bekend: een model dat nu "
            "wordt getraind leert ervan",
        ),
    ),
    Row(
        "champion_unusable", ("the champion cannot be used: {message}", "het huidige model is onbruikbaar: {message}"),
        ("this program cannot read the model", "dit programma kan het model niet lezen"),
    ),
    Row(
        "nothing_against",
        ("nothing speaks against the champion", "niets spreekt tegen het huidige model"),
    ),
    Row(
        "table_stopped",
        (
            "{table} has had no rows since {last:date}, {silent:count} days; its longest pause of a year was "
            "{usual:count}: mend the export before anything is learnt from it",
            "{table} heeft sinds {last:date} geen rijen, {silent:count} dagen; de langste pauze van een jaar was "
            "{usual:count}: herstel de export voordat er iets van wordt geleerd",
        ),
        (
            "a table has stopped coming: have the export mended before anything is learnt from it",
            "een tabel komt niet meer binnen: laat de export herstellen voordat er iets van wordt geleerd",
        ),
    ),
    Row(
        "source_stopped",
        (
            "the whole source has had no rows since {last:date}, {silent:count} days; its longest pause of a year was "
            "{usual:count}: mend the export before anything is learnt from it",
            "de hele bron heeft sinds {last:date} geen rijen, {silent:count} dagen; de langste pauze van een jaar was "
            "{usual:count}: herstel de export voordat er iets van wordt geleerd",
        ),
        (
            "nothing comes in any more: have the export mended before anything is learnt from it",
            "er komt niets meer binnen: laat de export herstellen voordat er iets van wordt geleerd",
        ),
    ),
    Row(
        "column_emptied",
        (
            "{table}.{column} is empty: filled in {before:%} of the rows when the champion learnt, in "
            "{now:%} now. See whether the export lost or renamed the column",
            "{table}.{column} is leeg: gevuld in {before:%} van de rijen toen het huidige model leerde, nu in "
            "{now:%}. Kijk of de export de kolom kwijt is of anders noemt",
        ),
    ),
    Row(
        "column_filled_less",
        (
            "{table}.{column} is filled in {now:%} of the rows, where it was {before:%}: see what became of "
            "the others",
            "{table}.{column} is in {now:%} van de rijen gevuld, en was dat in {before:%}: kijk wat er met de "
            "andere is gebeurd",
        ),
    ),
    Row(
        "values_renamed",
        (
            "{table}.{column}: {unknown:%} of the rows have values that the champion never saw, such as "
            "{names:list}. Map them back to the former names, or train anew",
            "{table}.{column}: {unknown:%} van de rijen hebben waarden die het huidige model nooit zag, zoals "
            "{names:list}. Zet ze terug naar de oude namen, of train opnieuw",
        ),
    ),
    Row(
        "value_renamed",
        (
            "{table}.{column}: {was}, {share:%} of the values when the champion learnt, occurs no more, and {name}, which "
            "it never saw, stands in its place. Map it back to the former name, or train anew",
            "{table}.{column}: {was}, {share:%} van de waarden toen het huidige model leerde, komt niet meer voor, en "
            "{name}, dat het nooit zag, staat ervoor in de plaats. Zet het terug naar de oude naam, of train opnieuw",
        ),
    ),
    Row(
        "numbers_rescaled",
        (
            "{table}.{column} is {factor:short} times what it was, large and small alike (median {before:short}, now "
            "{now:short}): another unit, such as cents or thousands? Mend the export or the mapping",
            "{table}.{column} is {factor:short} keer wat het was, groot en klein (mediaan {before:short}, nu "
            "{now:short}): een andere eenheid, zoals centen of duizenden? Herstel de export of de vertaling",
        ),
    ),
    Row(
        "sign_changed",
        (
            "{table}.{column}: {now:%} of the numbers are negative, where {before:%} were: the sign is turned "
            "round",
            "{table}.{column}: {now:%} van de getallen is negatief, en dat was {before:%}: het teken is "
            "omgekeerd",
        ),
    ),
    Row(
        "times_shifted",
        (
            "{table}.{column}: times lie {hours:count} hours from where they were: another time zone? Set "
            "source.time_zone, or mend the export",
            "{table}.{column}: tijden liggen {hours:count} uur anders dan eerst: een andere tijdzone? Stel "
            "source.time_zone in, of herstel de export",
        ),
    ),
    Row(
        "value_new",
        (
            "{table}.{column}: {share:%} of the rows have values that the champion never saw, such as {names:list}, beside "
            "those that it knows. If they are other names, map them back; if they are new, it learns them at the next "
            "training",
            "{table}.{column}: {share:%} van de rijen hebben waarden die het huidige model nooit zag, zoals {names:list}, "
            "naast die het kent. Zijn het andere namen, zet ze dan terug; zijn ze nieuw, dan leert het ze bij de volgende "
            "training",
        ),
    ),
    Row(
        "numbers_constant",
        (
            "{table}.{column}: nine numbers in ten are about {now:short}, where they differed (median {before:short}): "
            "does a default stand in for the real ones? See what became of them",
            "{table}.{column}: negen van de tien getallen zijn ongeveer {now:short}, en ze verschilden (mediaan "
            "{before:short}): staat er een standaardwaarde in plaats van de echte? Kijk wat ermee is gebeurd",
        ),
    ),
    Row(
        "times_one_hour",
        (
            "{table}.{column}: {share:%} of the times lie in one hour, from {hour:count} on (UTC), where they were spread "
            "over the day: the export has lost the time of day",
            "{table}.{column}: {share:%} van de tijden ligt in één uur, vanaf {hour:count} (UTC), en ze waren over de dag "
            "verspreid: de export is de tijd van de dag kwijt",
        ),
    ),
    Row(
        "rows_repeated",
        (
            "{table}: {now:%} of the recent rows are as another is (account, time and values), where {before:%} were: the "
            "feed comes twice under other numbers. See what sends them, and leave out the copies",
            "{table}: {now:%} van de laatste rijen is gelijk aan een andere (account, tijd en waarden), en dat was "
            "{before:%}: de aanvoer komt dubbel onder andere nummers. Kijk wat ze stuurt, en laat de kopieën weg",
        ),
    ),
    Row(
        "rows_fewer",
        (
            "{table}: {now:short} rows a week where {before:short} were usual, and fewer than in any week of the year "
            "before training: see what the export leaves out",
            "{table}: {now:short} rijen per week waar {before:short} gewoon was, minder dan in enige week van het jaar "
            "voor de training: kijk wat de export weglaat",
        ),
    ),
    Row(
        "rows_more",
        (
            "{table}: {now:short} rows a week where {before:short} were usual: see whether rows come more than once",
            "{table}: {now:short} rijen per week waar {before:short} gewoon was: kijk of rijen dubbel komen",
        ),
    ),
    Row(
        "values_swapped",
        (
            "{table}.{column}: the shares of the values have changed places ({was} {before:%}, now {now:%}; {name} stands "
            "where it stood): are they exchanged, such as yes for no? Mend the export or the mapping",
            "{table}.{column}: de aandelen van de waarden zijn van plaats gewisseld ({was} {before:%}, nu {now:%}; {name} "
            "staat op die plaats): zijn ze verwisseld, zoals ja met nee? Herstel de export of de vertaling",
        ),
    ),
    Row(
        "values_moved",
        (
            "{table}.{column}: {distance:%} of the rows have other values than in any month of the year before training "
            "({was} {before:%}, now {now:%}): see whether the export left some out, or gives them another meaning",
            "{table}.{column}: {distance:%} van de rijen hebben andere waarden dan in enige maand van het jaar voor de "
            "training ({was} {before:%}, nu {now:%}): kijk of de export er weglaat, of ze anders bedoelt",
        ),
    ),
    Row(
        "numbers_moved",
        (
            "{table}.{column}: {distance:%} of the numbers lie elsewhere than in any month of the year before training "
            "(median {before:short}, now {now:short}): see whether the export changed what they mean",
            "{table}.{column}: {distance:%} van de getallen liggen ergens anders dan in enige maand van het jaar voor de "
            "training (mediaan {before:short}, nu {now:short}): kijk of de export er iets anders mee bedoelt",
        ),
    ),
    Row(
        "numbers_reversed",
        (
            "{table}.{column}: the scale is turned round, {total:count} less what it was (median {before:short}, now "
            "{now:short}): turn it back in the export or the mapping",
            "{table}.{column}: de schaal is omgekeerd, {total:count} min wat het was (mediaan {before:short}, nu "
            "{now:short}): keer hem terug in de export of de vertaling",
        ),
    ),
    Row(
        "rows_fell",
        (
            "{table}: {now:short} rows a week in the last {weeks:count} weeks, where {before:short} were to be expected by "
            "the weeks before and the same season a year earlier: see what the export leaves out, such as a part of the "
            "accounts",
            "{table}: {now:short} rijen per week in de laatste {weeks:count} weken, waar er {before:short} te verwachten "
            "waren, naar de weken ervoor en hetzelfde seizoen een jaar eerder: kijk wat de export weglaat, zoals een deel "
            "van de accounts",
        ),
    ),
    Row(
        "rows_fell_or_season",
        (
            "{table}: {now:short} rows a week in the last {weeks:count} weeks, where the weeks before had {before:short}; "
            "the data do not yet tell whether it is the season: if it is not, see what the export leaves out",
            "{table}: {now:short} rijen per week in de laatste {weeks:count} weken, waar de weken ervoor er {before:short} "
            "hadden; de data zeggen nog niet of het het seizoen is: zo niet, kijk wat de export weglaat",
        ),
    ),
    Row(
        "history_gone",
        (
            "{table}: of the {before:count} rows of the year that the champion learnt from, {now:count} are there: see what "
            "the export leaves out, such as a part of the accounts",
            "{table}: van de {before:count} rijen van het jaar waarvan het huidige model leerde, zijn er {now:count} over: "
            "kijk wat de export weglaat, zoals een deel van de accounts",
        ),
    ),
    Row(
        "history_added",
        (
            "{table}: the year that the champion learnt from had {before:count} rows, and has {now:count} now: see whether "
            "rows come more than once; if they came late, train anew",
            "{table}: het jaar waarvan het huidige model leerde had {before:count} rijen, en heeft er nu {now:count}: kijk "
            "of rijen dubbel komen; kwamen ze later binnen, train dan opnieuw",
        ),
    ),
    Row(
        "table_absent",
        (
            "the champion learnt from {tables:list}, which the source lacks: its features are missing",
            "het huidige model leerde van {tables:list}, en dat ontbreekt in de bron: die kenmerken zijn onbekend",
        ),
        (
            "the data lack a table that the model learnt from",
            "in de gegevens ontbreekt een tabel waarvan het model leerde",
        ),
    ),
    Row("drift", _DRIFT, _DRIFT_SHORT),
    Row(
        "drift_mend_first",
        (f"{_DRIFT[0]}, but mend the source first", f"{_DRIFT[1]}, maar herstel eerst de bron"), _DRIFT_SHORT,
    ),
    Row(
        "drift_retrain",
        (
            f"{_DRIFT[0]}: see first that the export means what it meant",
            f"{_DRIFT[1]}: kijk eerst of de export nog betekent wat hij betekende",
        ),
        _DRIFT_SHORT,
    ),
    Row(
        "realised_loss",
        (
            "log loss of {outcome:outcome} over {days:count} days is {loss:.4} [{level:%}: {low:.4} to {high:.4}], "
            "promised was {promised:.4}",
            "log loss van {outcome:outcome} over {days:count} dagen is {loss:.4} [{level:%}: {low:.4} tot {high:.4}], "
            "beloofd was {promised:.4}",
        ),
        (
            "its chances came true less well than the backtest promised",
            "zijn kansen kwamen minder goed uit dan de proef vooraf beloofde",
        ),
    ),
    Row(
        "realised_calibration",
        (
            "{observed:%1} of {snapshots:count} snapshots ended in {outcome:outcome} within {days:count} days where "
            "{expected:%1} were expected: {surplus:+%1} [{level:%}: {low:+%1} to {high:+%1}]",
            "{observed:%1} van {snapshots:count} momentopnamen eindigde binnen {days:count} dagen in {outcome:outcome} "
            "waar {expected:%1} werd verwacht: {surplus:+%1} [{level:%}: {low:+%1} tot {high:+%1}]",
        ),
        (
            "more or fewer accounts did it than the model said",
            "meer of minder accounts deden het dan het model zei",
        ),
    ),
    Row(
        "realised_part_off",
        (
            "{kind:segment} {name}: {outcome:outcome} within {days:count} days came to {observed:%1} where {expected:%1} "
            "was expected, {surplus:+%1} [{level:%}: {low:+%1} to {high:+%1}], on {accounts:count} accounts: read their "
            "chances with that in mind, and retrain when labels are complete",
            "{kind:segment} {name}: {outcome:outcome} binnen {days:count} dagen kwam op {observed:%1} waar {expected:%1} "
            "verwacht was, {surplus:+%1} [{level:%}: {low:+%1} tot {high:+%1}], bij {accounts:count} accounts: lees hun "
            "kansen met dat in gedachten, en train opnieuw zodra de labels compleet zijn",
        ),
        ("the chances of some accounts are off", "de kansen van sommige accounts kloppen niet"),
    ),
    Row(
        "plan_holdout_lost",
        (
            "{plan}: per account the list earned {gain:money} against the held-out accounts, after cost [{level:%}: "
            "{low:money} to {high:money}], where {promised:money} was promised: stop it, or see who was treated",
            "{plan}: per account verdiende het plan {gain:money} tegenover de controlegroep, na kosten "
            "[{level:%}: {low:money} tot {high:money}], waar {promised:money} was beloofd: stop ermee, of kijk wie "
            "behandeld is",
        ),
        ("a plan loses to its held-out accounts", "een plan verliest van zijn controlegroep"),
    ),
    Row(
        "plan_holdout_below",
        (
            "{plan}: per account the list earned {gain:money} against the held-out accounts [{level:%}: {low:money} to "
            "{high:money}], less than the {promised:money} that were promised: plan with less, or train anew",
            "{plan}: per account verdiende het plan {gain:money} tegenover de controlegroep [{level:%}: "
            "{low:money} tot {high:money}], minder dan de beloofde {promised:money}: plan met minder, of train opnieuw",
        ),
        ("a plan brings less than was promised", "een plan brengt minder op dan beloofd"),
    ),
    Row(
        "plan_holdout_treated",
        (
            "{plan}: {share:%} of its {held:count} held-out accounts got the investment all the same: the comparison "
            "says less by as much; see that managers leave them out",
            "{plan}: {share:%} van de {held:count} accounts in de controlegroep kreeg de investering toch: de vergelijking "
            "zegt zoveel minder; let erop dat accountmanagers ze overslaan",
        ),
        ("held-out accounts are treated too", "de controlegroep wordt ook behandeld"),
    ),
    Row(
        "outcome_moved",
        (
            "{outcome:outcome} within {days:count} days: {now:%1} since training, {before:%1} a year before; {change:+%1} "
            "[{level:%}: {low:+%1} to {high:+%1}]. See whether the export changed; else hold targets and plans against "
            "the new level, and retrain when labels are complete",
            "{outcome:outcome} binnen {days:count} dagen: {now:%1} sinds de training, {before:%1} een jaar eerder; "
            "{change:+%1} [{level:%}: {low:+%1} tot {high:+%1}]. Kijk of de export is veranderd; houd anders doelen en "
            "plannen tegen het nieuwe niveau, en train opnieuw zodra de labels compleet zijn",
        ),
        ("an outcome is not as frequent as it was", "een uitkomst komt niet meer zo vaak voor als eerst"),
    ),
    Row(
        "revenue_moved",
        (
            "mean revenue within {days:count} days: {now:money} since training, {before:money} a year before; "
            "{change:+%1} [{level:%}: {low:+%1} to {high:+%1}]. See whether prices, the currency or the export changed; "
            "retrain when labels are complete",
            "gemiddelde omzet binnen {days:count} dagen: {now:money} sinds de training, {before:money} een jaar eerder; "
            "{change:+%1} [{level:%}: {low:+%1} tot {high:+%1}]. Kijk of prijzen, de valuta of de export zijn veranderd; "
            "train opnieuw zodra de labels compleet zijn",
        ),
        ("revenue is not what it was", "de omzet is niet meer wat ze was"),
    ),
    Row(
        "early_silence",
        (
            "{observed:count} of {accounts:count} accounts were silent in the first {days:count} days, expected were "
            "{expected:count} [{level:%}: {low:count} to {high:count}]",
            "{observed:count} van {accounts:count} accounts waren stil in de eerste {days:count} dagen, verwacht werden "
            "er {expected:count} [{level:%}: {low:count} tot {high:count}]",
        ),
        (
            "in the first days more or fewer accounts were silent than was to be expected",
            "in de eerste dagen waren meer of minder accounts stil dan te verwachten was",
        ),
    ),
    Row("labels_complete", _AGED, _AGED_SHORT),
    Row(
        "labels_complete_mend_first",
        (f"{_AGED[0]}; mend the source first", f"{_AGED[1]}; herstel eerst de bron"), _AGED_SHORT,
    ),
    Row(
        "realised_switching",
        (
            "within {days:count} days {expected:%1} of the accounts were expected to leave; {observed:%1} did",
            "binnen {days:count} dagen zou naar verwachting {expected:%1} van de accounts vertrekken; {observed:%1} "
            "deed het",
        ),
    ),
    Row(
        "realised_climbing",
        (
            "within {days:count} days {expected:%1} were expected to climb; {observed:%1} did",
            "binnen {days:count} dagen zou naar verwachting {expected:%1} stijgen; {observed:%1} deed het",
        ),
    ),
    Row(
        "realised_falling",
        (
            "within {days:count} days {expected:%1} were expected to fall; {observed:%1} did",
            "binnen {days:count} dagen zou naar verwachting {expected:%1} dalen; {observed:%1} deed het",
        ),
    ),
)  # fmt: skip
