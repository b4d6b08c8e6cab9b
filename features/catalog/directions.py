"""The directions of features: whether more of one speaks for the tie with an account, against it, or either way.

What speaks for the tie speaks against leaving, and for climbing. Boosters whose contributions become reasons are
constrained to these directions, and a reason that says the opposite of one is never told. A feature that is not named
here may speak either way: discounts, irregular gaps, codes, the rungs of the past.

Of some features the boosters are free, and only what is told must make sense. What a missing value says is declared:
"never" is longer ago than any day, and of what is simply not known nothing is told.
"""

FOR_THE_TIE = frozenset(
    "days_within_rhythm order_days_30d order_days_90d order_days_180d order_days_365d order_days_730d revenue_30d "
    "revenue_90d revenue_180d "
    "revenue_365d revenue_730d order_days_total revenue_trend_90d revenue_trend_180d order_days_trend_90d "
    "revenue_against_last_year_90d revenue_per_order_day_trend_180d revenue_share_of_best_180d revenue_same_season "
    "order_days_same_season margin_365d product_lines_365d moves_up_365d member_periods_filled inquiries_180d "
    "open_inquiries inquiry_win_share_730d interactions_90d interactions_365d interactions_by_them_365d visits_180d "
    "calls_180d emails_180d approach_share_365d approach_share_change_90d interactions_trend_365d minutes_180d "
    "minutes_per_interaction_365d contacts_now roles_now users_now influencers_now deciders_now buyers_now "
    "contacts_joined_180d days_since_contact_left contacts_spoken_to_365d roles_reached_share_90d "
    "roles_reached_share_365d interests_reached_share_365d days_since_ticket days_since_severe_ticket "
    "days_since_sla_breach survey_last nps_last csat_last ces_last trust_last value_last survey_mean_365d "
    "survey_change "
    "survey_mean_change_365d survey_very_high_share_365d survey_lowest_contact_730d referrals_365d referrals_730d "
    "referrals_total testimonials_730d introductions_730d businesses_recommended_730d referrals_converted_730d "
    "referral_conversion_share_730d contracts_in_force contract_value_in_force days_to_contract_end "
    "days_to_last_contract_end days_under_contract renewals_730d financial_stock social_stock structural_stock "
    "days_since_situational_trigger days_since_reactional_trigger days_since_influential_trigger days_since_trigger "
    "days_since_first_order support collaborations_730d assessed_above_rule".split()
)
AGAINST_THE_TIE = frozenset(
    "days_since_last_order days_since_order_day days_since_second_last_order_day days_since_third_last_order_day "
    "order_gap_mean_730d order_gap_change_180d order_gap_last order_overdue_ratio revenue_lost_365d credit_notes_180d "
    "credit_share_365d product_lines_lost_365d product_lines_lost_share_365d moves_down_365d "
    "order_days_missing_to_customer referrals_missing_to_next_rung days_since_inquiry inquiries_lost_365d "
    "inquiries_lost_to_rival_365d days_since_interaction days_since_approach days_since_our_approach days_since_visit "
    "contacts_left_180d deciders_left_365d price_minded_share_now single_threaded_365d decider_unreached_365d "
    "days_since_decider tickets_90d tickets_365d severe_tickets_180d tickets_per_order_day_365d "
    "tickets_against_norm_90d open_tickets overdue_tickets oldest_open_ticket_days sla_breaches_180d "
    "first_response_hours_180d resolution_hours_365d resolution_against_norm_180d survey_very_low_share_365d "
    "survey_silence_ratio silent_people_365d days_since_referral contracts_under_notice contracts_cancelled_365d "
    "triggers_situational_180d triggers_reactional_180d triggers_influential_180d signs_situational signs_reactional "
    "signs_influential days_since_collaboration".split()
)
TOLD_FOR_THE_TIE = frozenset(
    "rung_if_nothing_happens days_until_rung_falls days_until_order_leaves days_until_referral_leaves "
    "days_until_prospect_lapses inquiries_730d days_since_inquiry_lost surveys_365d days_since_switch days_known "
    "revenue_season_share usual_pause_days".split()
)
TOLD_AGAINST_THE_TIE = frozenset(
    "order_days_leaving_by_horizon days_since_survey days_since_investment switches_before".split()
)
"""Directions of reasons alone."""
MISSING_FOR_THE_TIE = frozenset(("days_until_rung_falls", "oldest_open_ticket_days"))
MISSING_AGAINST_THE_TIE = frozenset(
    "days_since_first_order order_gap_regularity_730d order_gap_last order_overdue_ratio days_within_rhythm "
    "survey_last days_until_order_leaves days_until_referral_leaves days_until_prospect_lapses revenue_season_share "
    "revenue_per_order_day_365d order_gap_mean_730d order_gap_deviation_730d order_gap_change_180d "
    "revenue_trend_90d revenue_trend_180d order_days_trend_90d revenue_against_last_year_90d "
    "revenue_per_order_day_trend_180d revenue_share_of_best_180d interactions_trend_365d days_under_contract "
    "survey_silence_ratio survey_mean_365d".split()
)
"""What a missing value speaks for where it says that nothing happened, recencies apart."""
RECENCY = "days_since_"


def direction_of(name: str) -> int:
    """Return 1 where more of a feature speaks for the tie, -1 where against it, 0 where either way."""
    return int(name in FOR_THE_TIE) - int(name in AGAINST_THE_TIE)


def told_direction_of(name: str) -> int:
    """Return the direction that a reason must have: that of the boosters, or one that holds for reasons alone."""
    return direction_of(name) or int(name in TOLD_FOR_THE_TIE) - int(name in TOLD_AGAINST_THE_TIE)


def missing_direction_of(name: str) -> int:
    """Return what a missing value speaks for: of a recency what the longest time does; 0 where it says nothing."""
    declared = int(name in MISSING_FOR_THE_TIE) - int(name in MISSING_AGAINST_THE_TIE)
    return declared or (told_direction_of(name) if name.startswith(RECENCY) else 0)
