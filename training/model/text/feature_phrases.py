"""PHRASES: how every feature reads in a reason: the one table of templates, in English and Dutch; German is beside it.

In a template `{}` stands for the value in words, formatted by the feature's unit; `{ticket|tickets}` for a count and
its noun; `{+}` for a value with its sign; `{%}` and `{+%}` for a ratio as a percentage, without and with its sign. What is yes or no has two
statements, the one for yes first, parted by ` // `. `never` tells what a missing value means; a feature that cannot
be missing has none. Features of one topic tell of one thing: at most one of them is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from training.model.text.german_phrases import GERMAN_PHRASES


@dataclass(frozen=True)
class Phrase:
    """How one feature reads.  said, never : language -> template, and what a missing value means."""

    feature: str
    topic: str
    said: Mapping[str, str]
    never: Mapping[str, str]


def _one(feature: str, topic: str, en: str, nl: str, en_never: str = "", nl_never: str = "") -> Phrase:
    de, de_never = GERMAN_PHRASES[feature]
    never = {"en": en_never, "nl": nl_never, "de": de_never} if en_never else {}
    return Phrase(feature, topic, {"en": en, "nl": nl, "de": de}, never)


def _each(days: tuple[int, ...], feature: str, topic: str, *texts: str) -> Iterator[Phrase]:
    """The same phrase for several windows: `DAYS` is the window."""
    for window in days:
        yield _one(feature.replace("DAYS", str(window)), topic, *(text.replace("DAYS", str(window)) for text in texts))


_WINDOWS = (30, 90, 180, 365, 730)
_TRIGGERS = {
    "situational": ("a change on their side", "een verandering aan hun kant"),
    "reactional": ("a failure of ours", "een tekortkoming van ons"),
    "influential": ("competition", "concurrentie"),
}
_NO_ORDER = ("no order known", "geen bestelling bekend")
_FEW_ORDERS = ("fewer than two order days in two years", "minder dan twee besteldagen in twee jaar")
_NO_ANSWER = ("never answered a survey", "nog nooit een enquête beantwoord")
_NO_ANSWERS = ("fewer than two survey answers in two years", "minder dan twee enquêtes beantwoord in twee jaar")
_NOT_ESTIMATED = ("no estimate by the account manager", "geen schatting van de accountmanager")

# fmt: off
PHRASES: tuple[Phrase, ...] = (
    *_each(_WINDOWS, "order_days_DAYSd", "frequency", "{order day|order days} in the last DAYS days", "{besteldag|besteldagen} in de afgelopen DAYS dagen"),
    *_each(_WINDOWS, "revenue_DAYSd", "revenue", "{} revenue in the last DAYS days", "{} omzet in de afgelopen DAYS dagen"),
    _one("days_since_last_order", "recency", "last order or credit note {} ago", "laatste bestelling of creditnota {} geleden", *_NO_ORDER),
    _one("days_since_order_day", "recency", "last order {} ago", "laatste bestelling {} geleden", *_NO_ORDER),
    _one("days_since_second_last_order_day", "recency", "last order but one {} ago", "voorlaatste bestelling {} geleden", "fewer than two order days known", "minder dan twee besteldagen bekend"),
    _one("days_since_third_last_order_day", "recency", "third last order {} ago", "op twee na laatste bestelling {} geleden", "fewer than three order days known", "minder dan drie besteldagen bekend"),
    _one("days_since_first_order", "tenure", "customer since the first order {} ago", "klant sinds de eerste bestelling {} geleden", *_NO_ORDER),
    _one("order_days_total", "tenure", "{order day|order days} in all", "{besteldag|besteldagen} in totaal"),
    _one("revenue_per_order_day_365d", "revenue per order", "{} revenue per order day in the last year", "{} omzet per besteldag in het afgelopen jaar", "no order in the last year", "geen bestelling in het afgelopen jaar"),
    _one("order_gap_mean_730d", "frequency", "an order every {} on average", "gemiddeld elke {} een bestelling", *_FEW_ORDERS),
    _one("order_gap_deviation_730d", "regularity", "gaps between orders vary by {}", "tijd tussen bestellingen varieert {}", *_FEW_ORDERS),
    _one("order_gap_regularity_730d", "regularity", "gaps between orders vary by {%} of their mean", "tijd tussen bestellingen varieert {%} van het gemiddelde", "fewer than three order days in two years", "minder dan drie besteldagen in twee jaar"),
    _one("order_gap_change_180d", "regularity", "gaps between orders {+%} against their usual", "tijd tussen bestellingen {+%} ten opzichte van anders", "no second order in the last 180 days to measure a gap by", "geen tweede bestelling in de afgelopen 180 dagen om de tussentijd aan te meten"),
    _one("order_gap_last", "regularity", "{} between the last two orders", "{} tussen de laatste twee bestellingen", *_FEW_ORDERS),
    _one("days_within_rhythm", "recency", "{} left of the silence that its own rhythm explains", "nog {} over van de stilte die het eigen ritme verklaart", *_NO_ORDER),
    _one("usual_pause_days", "season", "paused for {} at this time of the year before", "pauzeerde eerder {} in deze tijd van het jaar"),
    _one("order_overdue_ratio", "recency", "time since the last order is {} the usual gap", "de laatste bestelling is {} de gebruikelijke tussentijd geleden", *_FEW_ORDERS),
    *_each((90, 180), "revenue_trend_DAYSd", "revenue trend", "revenue {} in DAYS days, against the DAYS before", "omzet {} in DAYS dagen, ten opzichte van de DAYS ervoor", "no order in the last two stretches of DAYS days", "geen bestelling in de laatste twee perioden van DAYS dagen"),
    _one("order_days_trend_90d", "frequency", "order days {} in 90 days, against the 90 before", "besteldagen {} in 90 dagen, ten opzichte van de 90 ervoor", "no order day in the last 180 days", "geen besteldag in de afgelopen 180 dagen"),
    _one("revenue_against_last_year_90d", "revenue trend", "revenue {} in 90 days, against the same days last year", "omzet {} in 90 dagen, ten opzichte van dezelfde dagen vorig jaar", "no order in the last 90 days, nor in the same days last year", "geen bestelling in de afgelopen 90 dagen, en evenmin in dezelfde dagen vorig jaar"),
    _one("revenue_per_order_day_trend_180d", "revenue per order", "revenue per order day {} in 180 days, against two years", "omzet per besteldag {} in 180 dagen, ten opzichte van twee jaar", "no order day in the last 180 days", "geen besteldag in de afgelopen 180 dagen"),
    _one("revenue_lost_365d", "revenue trend", "{} less revenue than the year before", "{} minder omzet dan het jaar ervoor"),
    _one("revenue_share_of_best_180d", "revenue trend", "revenue of the last half year is {} of their best", "omzet van het afgelopen halfjaar is {} van hun beste", "no revenue in two years", "geen omzet in twee jaar"),
    _one("revenue_same_season", "season", "{} revenue in the same season last year", "{} omzet in hetzelfde seizoen vorig jaar"),
    _one("order_days_same_season", "season", "{order day|order days} in the same season last year", "{besteldag|besteldagen} in hetzelfde seizoen vorig jaar"),
    _one("revenue_season_share", "season", "{} of last year's revenue fell in the season ahead", "{} van de omzet van vorig jaar viel in het komende seizoen", "no order in the last year", "geen bestelling in het afgelopen jaar"),
    _one("credit_notes_180d", "credit", "{credit note|credit notes} in the last 180 days", "{creditnota|creditnota's} in de afgelopen 180 dagen"),
    _one("credit_share_365d", "credit", "{} of what was invoiced in the last year was credited", "{} van het gefactureerde in het afgelopen jaar is gecrediteerd", "no order in the last year", "geen bestelling in het afgelopen jaar"),
    _one("cost_share_365d", "margin", "cost of goods is {} of revenue", "kostprijs is {} van de omzet", "no order with a known cost in the last year", "geen bestelling met bekende kostprijs in het afgelopen jaar"),
    _one("margin_365d", "margin", "{} gross margin in the last year", "{} brutomarge in het afgelopen jaar", "no order with a known cost in the last year", "geen bestelling met bekende kostprijs in het afgelopen jaar"),
    _one("discount_mean_365d", "discount", "{} discount on average in the last year", "gemiddeld {} korting in het afgelopen jaar", "no order with a known discount in the last year", "geen bestelling met bekende korting in het afgelopen jaar"),
    _one("discount_change_180d", "discount", "discount {} in 180 days, against two years", "korting {} in 180 dagen, ten opzichte van twee jaar", "no order with a known discount in the last 180 days", "geen bestelling met bekende korting in de afgelopen 180 dagen"),
    _one("product_lines_365d", "product lines", "{product line|product lines} bought in the last year", "{productlijn|productlijnen} gekocht in het afgelopen jaar", "no product line known", "geen productlijn bekend"),
    _one("product_lines_lost_365d", "product lines", "{product line|product lines} no longer bought", "{productlijn|productlijnen} niet meer gekocht", "no product line known", "geen productlijn bekend"),
    _one("product_lines_lost_share_365d", "product lines", "{} of the year before was spent on lines no longer bought", "{} van de omzet van het jaar ervoor betrof lijnen die niet meer worden gekocht", "no product line known for the year before", "geen productlijn bekend over het jaar ervoor"),
    _one("rung", "rung", "on the rung of {} now", "staat nu op de trede {}"),
    _one("rung_if_nothing_happens", "rung ahead", "becomes {} if nothing happens", "wordt {} als er niets gebeurt"),
    *_each((90, 180, 365), "rung_DAYSd_ago", "rung before", "was {} DAYS days ago", "was DAYS dagen geleden {}"),
    _one("days_on_rung", "rung before", "on this rung for at least {}", "staat al minstens {} op deze trede"),
    _one("moves_up_365d", "rung before", "{move|moves} up the ladder in the last year", "{stap|stappen} omhoog op de ladder in het afgelopen jaar"),
    _one("moves_down_365d", "rung before", "{move|moves} down the ladder in the last year", "{stap|stappen} omlaag op de ladder in het afgelopen jaar"),
    _one("highest_rung_365d", "rung before", "reached {} at best in the last year", "kwam het afgelopen jaar tot {}"),
    _one("days_until_rung_falls", "rung ahead", "drops a rung within {} if nothing happens", "zakt binnen {} een trede als er niets gebeurt", "does not drop within a year", "zakt niet binnen een jaar"),
    _one("order_days_missing_to_customer", "frequency", "{order day|order days} short of being a customer", "{besteldag|besteldagen} te kort om klant te zijn"),
    _one("member_periods_filled", "frequency", "{period|periods} with an order, of those that make a member", "{periode|perioden} met een bestelling, van de perioden die een lid maken"),
    _one("referrals_missing_to_next_rung", "referrals", "{referral|referrals} short of the next rung", "{aanbeveling|aanbevelingen} te kort voor de volgende trede"),
    _one("order_days_leaving_by_horizon", "rung ahead", "{order day|order days} soon no longer count for the ladder", "{besteldag|besteldagen} binnenkort niet meer meegeteld voor de ladder"),
    _one("days_until_order_leaves", "rung ahead", "the oldest order stops counting for the ladder in {}", "de oudste bestelling telt over {} niet meer mee voor de ladder", "no order counts for the ladder", "geen bestelling telt mee voor de ladder"),
    _one("days_until_referral_leaves", "referrals", "the oldest referral stops counting for the ladder in {}", "de oudste aanbeveling telt over {} niet meer mee voor de ladder", "no referral counts for the ladder", "geen aanbeveling telt mee voor de ladder"),
    _one("days_until_prospect_lapses", "inquiries", "their last sign of interest stops counting in {}", "hun laatste blijk van interesse telt over {} niet meer mee", "no sign of interest of theirs counts any more", "geen blijk van interesse telt nog mee"),
    *_each((180, 730), "inquiries_DAYSd", "inquiries", "{inquiry|inquiries} in the last DAYS days", "{aanvraag|aanvragen} in de afgelopen DAYS dagen"),
    _one("days_since_inquiry", "inquiries", "last inquiry {} ago", "laatste aanvraag {} geleden", "never an inquiry", "nog nooit een aanvraag"),
    _one("open_inquiries", "inquiries", "{open inquiry|open inquiries}", "{openstaande aanvraag|openstaande aanvragen}"),
    _one("inquiries_lost_365d", "inquiries lost", "{inquiry|inquiries} lost in the last year", "{aanvraag|aanvragen} verloren in het afgelopen jaar"),
    _one("inquiries_lost_to_rival_365d", "inquiries lost", "{inquiry|inquiries} lost to a competitor in the last year", "{aanvraag|aanvragen} aan een concurrent verloren in het afgelopen jaar"),
    _one("days_since_inquiry_lost", "inquiries lost", "an inquiry was lost {} ago", "{} geleden een aanvraag verloren", "never lost an inquiry", "nog nooit een aanvraag verloren"),
    _one("inquiry_win_share_730d", "inquiries lost", "{} of the inquiries of two years won", "{} van de aanvragen van twee jaar gewonnen", "no inquiry closed in two years", "geen aanvraag afgerond in twee jaar"),
    *_each((90, 365), "interactions_DAYSd", "contact", "{contact|contacts} in the last DAYS days", "{contactmoment|contactmomenten} in de afgelopen DAYS dagen"),
    _one("interactions_by_them_365d", "their approach", "{contact|contacts} sought by them in the last year", "{contactmoment|contactmomenten} op hun initiatief in het afgelopen jaar"),
    _one("visits_180d", "visits", "{visit|visits} in the last 180 days", "{bezoek|bezoeken} in de afgelopen 180 dagen"),
    _one("calls_180d", "calls", "{call|calls} in the last 180 days", "{telefoongesprek|telefoongesprekken} in de afgelopen 180 dagen"),
    _one("emails_180d", "emails", "{email|emails} in the last 180 days", "{e-mail|e-mails} in de afgelopen 180 dagen"),
    _one("days_since_interaction", "contact", "no contact for {}", "al {} geen contact", "never any contact", "nog nooit contact"),
    _one("days_since_approach", "their approach", "they last approached us {} ago", "zij zochten {} geleden voor het laatst contact", "they have never approached us", "zij hebben nog nooit contact gezocht"),
    _one("days_since_our_approach", "contact", "we last approached them {} ago", "wij zochten {} geleden voor het laatst contact", "we have never approached them", "wij hebben nog nooit contact gezocht"),
    _one("days_since_visit", "visits", "no visit for {}", "al {} geen bezoek", "never visited", "nog nooit bezocht"),
    _one("approach_share_365d", "their approach", "{} of the contact of the last year began with them", "{} van het contact in het afgelopen jaar kwam van hen", "not known who sought contact in the last year", "niet bekend wie het afgelopen jaar contact zocht"),
    _one("approach_share_change_90d", "their approach", "their part in seeking contact {} in 90 days, against the year", "hun aandeel in het zoeken van contact {} in 90 dagen, ten opzichte van het jaar", "not known who sought contact in the last 90 days", "niet bekend wie de afgelopen 90 dagen contact zocht"),
    _one("interactions_trend_365d", "contact", "contact {} in the last year, against the year before", "contact {} in het afgelopen jaar, ten opzichte van het jaar ervoor", "no contact in two years", "geen contact in twee jaar"),
    _one("minutes_180d", "contact", "{} of contact in the last 180 days", "{} contact in de afgelopen 180 dagen"),
    _one("minutes_per_interaction_365d", "contact length", "{} for each contact in the last year", "{} per contactmoment in het afgelopen jaar", "no length of contact known for the last year", "geen duur van contact bekend over het afgelopen jaar"),
    _one("contacts_now", "people", "{person|people} known there", "{contactpersoon|contactpersonen} bekend"),
    _one("roles_now", "people", "{role|roles} filled among the people known there", "{rol|rollen} ingevuld onder de bekende contactpersonen"),
    _one("users_now", "people", "{user|users} known there", "{gebruiker|gebruikers} bekend"),
    _one("influencers_now", "people", "{influencer|influencers} known there", "{beïnvloeder|beïnvloeders} bekend"),
    _one("deciders_now", "decider", "{decider|deciders} known there", "{beslisser|beslissers} bekend"),
    _one("buyers_now", "people", "{buyer|buyers} known there", "{inkoper|inkopers} bekend"),
    _one("contacts_joined_180d", "people joined", "{person|people} joined there in the last 180 days", "{nieuwe contactpersoon|nieuwe contactpersonen} in de afgelopen 180 dagen"),
    _one("contacts_left_180d", "people left", "{person|people} left there in the last 180 days", "{contactpersoon|contactpersonen} vertrokken in de afgelopen 180 dagen"),
    _one("deciders_left_365d", "people left", "{decider|deciders} left there in the last year", "{beslisser|beslissers} vertrokken in het afgelopen jaar"),
    _one("days_since_contact_left", "people left", "somebody we knew left there {} ago", "{} geleden vertrok er een contactpersoon", "nobody we knew has left", "geen contactpersoon is vertrokken"),
    _one("price_minded_share_now", "price", "{} of the people there care about the price most", "{} van de contactpersonen let vooral op de prijs", "nobody's interest is known", "van niemand is bekend waar die op let"),
    _one("contacts_spoken_to_365d", "reach", "{person|people} spoken to in the last year", "{persoon|personen} gesproken in het afgelopen jaar", "not known whom we spoke to in the last year", "niet bekend wie we het afgelopen jaar spraken"),
    _one("single_threaded_365d", "reach", "all contact of the last year went through one person // contact of the last year went through more than one person", "alle contact van het afgelopen jaar liep via één persoon // het contact van het afgelopen jaar liep via meer dan één persoon", "not known whom we spoke to in the last year", "niet bekend wie we het afgelopen jaar spraken"),
    *_each((90, 365), "roles_reached_share_DAYSd", "reach", "{} of the roles there spoken to in the last DAYS days", "{} van de rollen gesproken in de afgelopen DAYS dagen", "nobody's role is known", "van niemand is de rol bekend"),
    _one("interests_reached_share_365d", "reach", "{} of the interests there spoken to in the last year", "{} van de belangen gesproken in het afgelopen jaar", "nobody's interest is known", "van niemand is bekend waar die op let"),
    _one("decider_unreached_365d", "decider", "no decider spoken to in the last year // a decider was spoken to in the last year", "geen beslisser gesproken in het afgelopen jaar // een beslisser gesproken in het afgelopen jaar", "no decider is known there", "er is geen beslisser bekend"),
    _one("days_since_decider", "decider", "no contact with the decider for {}", "al {} geen contact met de beslisser", "never spoken to a decider", "nog nooit een beslisser gesproken"),
    *_each((90, 365), "tickets_DAYSd", "tickets", "{ticket|tickets} in the last DAYS days", "{melding|meldingen} in de afgelopen DAYS dagen"),
    _one("severe_tickets_180d", "severe tickets", "{severe ticket|severe tickets} in the last 180 days", "{ernstige melding|ernstige meldingen} in de afgelopen 180 dagen"),
    _one("days_since_ticket", "tickets", "last ticket {} ago", "laatste melding {} geleden", "never a ticket", "nog nooit een melding"),
    _one("days_since_severe_ticket", "severe tickets", "last severe ticket {} ago", "laatste ernstige melding {} geleden", "never a severe ticket", "nog nooit een ernstige melding"),
    _one("tickets_per_order_day_365d", "tickets", "{ticket|tickets} for each order day of the last year", "{melding|meldingen} per besteldag in het afgelopen jaar"),
    _one("tickets_against_norm_90d", "tickets", "tickets {+%} against their own norm in the last 90 days", "meldingen {+%} ten opzichte van hun eigen norm in de afgelopen 90 dagen"),
    _one("open_tickets", "open tickets", "{open ticket|open tickets}", "{openstaande melding|openstaande meldingen}"),
    _one("overdue_tickets", "open tickets", "{ticket|tickets} open for more than two weeks", "{melding|meldingen} langer dan twee weken open"),
    _one("oldest_open_ticket_days", "open tickets", "the oldest open ticket has waited {}", "de oudste openstaande melding wacht al {}", "no ticket is open", "geen melding staat open"),
    _one("sla_breaches_180d", "service levels", "{broken service level|broken service levels} in the last 180 days", "{niet nagekomen serviceafspraak|niet nagekomen serviceafspraken} in de afgelopen 180 dagen"),
    _one("days_since_sla_breach", "service levels", "last broken service level {} ago", "laatste niet nagekomen serviceafspraak {} geleden", "never a broken service level", "alle serviceafspraken altijd nagekomen"),
    _one("first_response_hours_180d", "speed of service", "our first answer took {} on average in the last 180 days", "ons eerste antwoord kostte gemiddeld {} in de afgelopen 180 dagen", "no ticket answered in the last 180 days", "geen melding beantwoord in de afgelopen 180 dagen"),
    _one("resolution_hours_365d", "speed of service", "solving a ticket took {} on average in the last year", "een melding oplossen kostte gemiddeld {} in het afgelopen jaar", "no ticket solved in the last year", "geen melding opgelost in het afgelopen jaar"),
    _one("resolution_against_norm_180d", "speed of service", "time to solve a ticket {+%} against two years", "oplostijd van meldingen {+%} ten opzichte van twee jaar", "no ticket solved in the last 180 days", "geen melding opgelost in de afgelopen 180 dagen"),
    _one("survey_last", "surveys", "last survey score {}", "laatste enquêtescore {}", *_NO_ANSWER),
    _one("nps_last", "surveys", "last score for recommending us {}", "laatste score voor het aanbevelen van ons {}", "never said whether they recommend us", "nog nooit gezegd of ze ons aanbevelen"),
    _one("csat_last", "surveys", "last score for satisfaction {}", "laatste score voor tevredenheid {}", "never said how satisfied they are", "nog nooit gezegd hoe tevreden ze zijn"),
    _one("ces_last", "surveys", "last score for ease {}", "laatste score voor gemak {}", "never said how easy we are", "nog nooit gezegd hoe makkelijk het met ons gaat"),
    _one("trust_last", "surveys", "last score for trust {}", "laatste score voor vertrouwen {}", "never said how far they trust us", "nog nooit gezegd in hoeverre ze ons vertrouwen"),
    _one("value_last", "surveys", "last score for value for money {}", "laatste score voor prijs en kwaliteit {}", "never said what they think of value for money", "nog nooit gezegd wat ze van prijs en kwaliteit vinden"),
    _one("survey_mean_365d", "surveys", "mean survey score of the last year {}", "gemiddelde enquêtescore van het afgelopen jaar {}", "no survey answered in the last year", "geen enquête beantwoord in het afgelopen jaar"),
    _one("survey_change", "survey change", "last survey score {} against two years", "laatste enquêtescore {} ten opzichte van twee jaar", "no survey answered in two years", "geen enquête beantwoord in twee jaar"),
    _one("survey_mean_change_365d", "survey change", "mean survey score {} against the year before", "gemiddelde enquêtescore {} ten opzichte van het jaar ervoor", "no survey answered in one of the last two years", "geen enquête beantwoord in een van de laatste twee jaren"),
    _one("survey_very_low_share_365d", "surveys", "{} of the survey scores of the last year very low", "{} van de enquêtescores van het afgelopen jaar zeer laag", "no survey answered in the last year", "geen enquête beantwoord in het afgelopen jaar"),
    _one("survey_very_high_share_365d", "surveys", "{} of the survey scores of the last year very high", "{} van de enquêtescores van het afgelopen jaar zeer hoog", "no survey answered in the last year", "geen enquête beantwoord in het afgelopen jaar"),
    _one("survey_deviation_730d", "survey spread", "survey scores of two years lie {} apart", "enquêtescores van twee jaar liggen {} uiteen", *_NO_ANSWERS),
    _one("survey_contact_spread_730d", "survey spread", "the people's survey scores lie {} apart", "de enquêtescores van de contactpersonen liggen {} uiteen", "fewer than two people answered a survey in two years", "minder dan twee personen beantwoordden een enquête in twee jaar"),
    _one("survey_lowest_contact_730d", "surveys", "the least content person gave {}", "de minst tevreden contactpersoon gaf {}", "nobody by name answered a survey in two years", "niemand beantwoordde op naam een enquête in twee jaar"),
    _one("surveys_365d", "surveys", "{survey answer|survey answers} in the last year", "{ingevulde enquête|ingevulde enquêtes} in het afgelopen jaar"),
    _one("days_since_survey", "surveys", "last survey answer {} ago", "laatste ingevulde enquête {} geleden", *_NO_ANSWER),
    _one("survey_silence_ratio", "surveys", "time since the last survey answer is {} the usual gap", "de laatste ingevulde enquête is {} de gebruikelijke tussentijd geleden", *_NO_ANSWERS),
    _one("silent_people_365d", "surveys", "{person|people} answered surveys before and not in the last year", "{persoon die eerder enquêtes invulde|personen die eerder enquêtes invulden} en het afgelopen jaar niet", "nobody by name answered a survey in two years", "niemand beantwoordde op naam een enquête in twee jaar"),
    *_each((365, 730), "referrals_DAYSd", "referrals", "{referral or testimonial|referrals and testimonials} in the last DAYS days", "{aanbeveling of referentie|aanbevelingen en referenties} in de afgelopen DAYS dagen"),
    _one("referrals_total", "referrals", "{referral or testimonial|referrals and testimonials} in all", "{aanbeveling of referentie|aanbevelingen en referenties} in totaal"),
    _one("days_since_referral", "referrals", "last recommended us {} ago", "beval ons {} geleden voor het laatst aan", "has never recommended us", "heeft ons nog nooit aanbevolen"),
    _one("testimonials_730d", "referrals", "{testimonial|testimonials} in two years", "{referentie|referenties} in twee jaar"),
    _one("introductions_730d", "referrals", "{introduction|introductions} to another business in two years", "{introductie|introducties} bij een ander bedrijf in twee jaar"),
    _one("businesses_recommended_730d", "referrals", "recommended us to {business|businesses} by name in two years", "beval ons in twee jaar bij {bedrijf|bedrijven} met naam aan"),
    _one("referrals_converted_730d", "referrals", "{referral|referrals} of two years became customers", "{aanbeveling|aanbevelingen} in twee jaar tot klant geworden"),
    _one("referral_conversion_share_730d", "referrals", "{} of the businesses recommended became customers", "{} van de aangedragen bedrijven werd klant", "no business was recommended by name", "geen bedrijf met naam aangedragen"),
    _one("contracts_in_force", "contracts", "{contract|contracts} in force", "{lopend contract|lopende contracten}"),
    _one("contract_value_in_force", "contracts", "{} agreed in contracts in force", "{} overeengekomen in lopende contracten"),
    _one("days_to_contract_end", "contract end", "a contract ends in {}", "een contract loopt over {} af", "no contract in force has an end", "geen lopend contract met een einddatum"),
    _one("days_to_last_contract_end", "contract end", "the last contract ends in {}", "het laatste contract loopt over {} af", "no contract in force has an end", "geen lopend contract met een einddatum"),
    _one("days_under_contract", "contracts", "under contract for {}", "al {} onder contract", "no contract in force", "geen lopend contract"),
    _one("contracts_under_notice", "contract end", "{contract|contracts} cancelled that have yet to end", "{opgezegd contract dat nog loopt|opgezegde contracten die nog lopen}"),
    _one("contracts_cancelled_365d", "contract end", "{contract|contracts} cancelled in the last year", "{contract|contracten} opgezegd in het afgelopen jaar"),
    _one("renewals_730d", "contracts", "{contract|contracts} renewed in two years", "{contract|contracten} verlengd in twee jaar"),
    _one("financial_stock", "financial bond", "financial investments still felt: {}", "financiële investeringen die nog doorwerken: {}"),
    _one("social_stock", "social bond", "social investments still felt: {}", "sociale investeringen die nog doorwerken: {}"),
    _one("structural_stock", "structural bond", "structural investments still felt: {}", "structurele investeringen die nog doorwerken: {}"),
    _one("days_since_investment", "investments", "last investment in them {} ago", "laatste investering in dit account {} geleden", "never invested in", "nog nooit in geïnvesteerd"),
    _one("investment_spend_365d", "investments", "{} spent on investments in the last year", "{} aan investeringen besteed in het afgelopen jaar"),
    _one("investment_spend_share_365d", "investments", "{} of the last year's revenue spent on investments", "{} van de omzet van het afgelopen jaar aan investeringen besteed", "nothing invested, or nothing ordered, in the last year", "niets geïnvesteerd of niets besteld in het afgelopen jaar"),
    *(_one(f"triggers_{kind}_180d", f"{kind} trigger", f"{{recorded trigger|recorded triggers}} ({en}) in the last 180 days", f"{{vastgelegde aanleiding|vastgelegde aanleidingen}} ({nl}) in de afgelopen 180 dagen") for kind, (en, nl) in _TRIGGERS.items()),
    *(_one(f"days_since_{kind}_trigger", f"{kind} trigger", f"last recorded trigger ({en}) {{}} ago", f"laatste vastgelegde aanleiding ({nl}) {{}} geleden", f"never a recorded trigger ({en})", f"nog nooit een vastgelegde aanleiding ({nl})") for kind, (en, nl) in _TRIGGERS.items()),
    _one("days_since_trigger", "trigger", "last recorded trigger of any kind {} ago", "laatste vastgelegde aanleiding van welke aard ook {} geleden", "never a recorded trigger", "nog nooit een vastgelegde aanleiding"),
    _one("signs_situational", "situational trigger", "{sign|signs} of a change on their side (people who left, contracts that end)", "{teken|tekenen} van een verandering aan hun kant (vertrokken personen, aflopende contracten)"),
    _one("signs_reactional", "reactional trigger", "{sign|signs} of our own failures (service, tickets, low scores, credit notes)", "{teken|tekenen} van tekortkomingen van ons (service, meldingen, lage scores, creditnota's)"),
    _one("signs_influential", "influential trigger", "{sign|signs} of competition (inquiries lost, less discount, switches before)", "{teken|tekenen} van concurrentie (verloren aanvragen, minder korting, eerder vertrek)"),
    _one("switches_before", "left before", "times that they left us before: {}", "aantal keren eerder bij ons vertrokken: {}"),
    _one("days_since_switch", "left before", "last left us {} ago", "vertrok {} geleden voor het laatst", "has never left us", "is nog nooit vertrokken"),
    _one("employees", "size", "{} employed there", "{} in dienst", "headcount not known", "aantal medewerkers niet bekend"),
    _one("revenue_per_employee_365d", "size", "{} revenue for each employee in the last year", "{} omzet per medewerker in het afgelopen jaar", "headcount not known", "aantal medewerkers niet bekend"),
    _one("acquisition_cost", "acquisition", "winning them cost {}", "het binnenhalen kostte {}", "cost of winning them not known", "kosten van het binnenhalen niet bekend"),
    _one("days_known", "tenure", "known to us for {}", "al {} bij ons bekend", "not known to us yet", "nog niet bij ons bekend"),
    _one("industry_code", "industry", "industry: {}", "branche: {}", "industry not known", "branche niet bekend"),
    _one("country_code", "country", "country: {}", "land: {}", "country not known", "land niet bekend"),
    _one("segment_code", "segment", "segment: {}", "segment: {}", "segment not known", "segment niet bekend"),
    _one("acquisition_channel_code", "acquisition", "came to us by: {}", "bij ons binnengekomen via: {}", "not known how they came to us", "niet bekend hoe ze bij ons kwamen"),
    _one("forecast_last", "forecast", "the account manager's last estimate of one rung more is {}", "de laatste schatting van de accountmanager voor één trede hoger is {}", *_NOT_ESTIMATED),
    _one("forecast_mean_365d", "forecast", "estimates of one rung more were {} on average in the last year", "schattingen voor één trede hoger waren gemiddeld {} in het afgelopen jaar", *_NOT_ESTIMATED),
    _one("forecast_change", "forecast", "the last estimate of one rung more is {+} against the mean of the year", "de laatste schatting voor één trede hoger is {+} ten opzichte van het gemiddelde van het jaar", *_NOT_ESTIMATED),
    _one("forecast_against_revenue", "forecast", "the last estimate of one rung more is {} the revenue of 180 days", "de laatste schatting voor één trede hoger is {} de omzet van 180 dagen", "no estimate, or no order in the last 180 days", "geen schatting, of geen bestelling in de afgelopen 180 dagen"),
    _one("support", "support", "we spoke with {} of the people there, by their say, about what they care about, in the last year", "met {} van de contactpersonen, gewogen naar invloed, spraken we het afgelopen jaar over wat zij belangrijk vinden", "no interest known, or no topic written down", "geen belang bekend, of geen onderwerp vastgelegd"),
    _one("people_to_tell", "support", "{person|people} there whom nobody told what we have for them in the last year", "{persoon|personen} daar aan wie het afgelopen jaar niemand vertelde wat wij voor hen hebben"),
    _one("collaborations_730d", "working together", "{joint development, investment or exchange of data|joint developments, investments or exchanges of data} in two years", "{gezamenlijke ontwikkeling, investering of gegevensuitwisseling|gezamenlijke ontwikkelingen, investeringen of gegevensuitwisselingen} in twee jaar"),
    _one("days_since_collaboration", "working together", "last developed, invested or exchanged data together with us {} ago", "ontwikkelde, investeerde of wisselde gegevens uit met ons {} geleden voor het laatst", "never developed, invested or exchanged data together with us", "nog nooit samen met ons ontwikkeld, geïnvesteerd of gegevens uitgewisseld"),
    _one("assessed_above_rule", "the manager's view", "the account manager sees it {+} rungs against the rule", "de accountmanager ziet het {+} treden ten opzichte van de regel", "no view of the account manager in the last year", "geen oordeel van de accountmanager in het afgelopen jaar"),
    _one("days_since_forecast", "forecast", "the account manager's last estimate is {} old", "de laatste schatting van de accountmanager is {} oud", *_NOT_ESTIMATED),
)
# fmt: on
PHRASE: Mapping[str, Phrase] = {phrase.feature: phrase for phrase in PHRASES}
