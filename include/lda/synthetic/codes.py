"""The codes the synthetic partners send, and what each means in a measure's breakdown.

These are the generator's own words, kept apart from the warehouse's code lists so that the two can disagree and a test
can notice.
"""

from __future__ import annotations

UNKNOWN = "Unknown"
NOT_STATED = "Not stated"
ALL = ("all", "All")
QUINTILE_LABELS = {1: "1 (most deprived)", 2: "2", 3: "3", 4: "4", 5: "5 (least deprived)", 0: UNKNOWN}

# Sex: index into SEX_CODES is what a person carries.
SEX_CODES = ("M", "F", "9")
SEX_WORDS = ("Male", "Female", UNKNOWN)

# 2001 ethnic category letters with their group for NHS feeds.
ETHNIC_CATEGORIES: tuple[tuple[str, str], ...] = (
    ("A", "White"), ("B", "White"), ("C", "White"),
    ("D", "Mixed"), ("E", "Mixed"), ("F", "Mixed"), ("G", "Mixed"),
    ("H", "Asian"), ("J", "Asian"), ("K", "Asian"), ("L", "Asian"),
    ("M", "Black"), ("N", "Black"), ("P", "Black"),
    ("R", "Other"), ("S", "Other"),
    ("Z", NOT_STATED), ("99", NOT_STATED), ("", NOT_STATED),
)  # fmt: skip
ETHNIC_CODES = tuple(code for code, _ in ETHNIC_CATEGORIES)
ETHNIC_GROUP = tuple(group for _, group in ETHNIC_CATEGORIES)

# What a council records for a person with each of those letters; Chinese (R) is Asian there.
_WHITE = "White: "
_MIXED = "Mixed or multiple ethnic groups: "
_ASIAN = "Asian or Asian British: "
_BLACK = "Black, Black British, Caribbean or African: "
CLD_ETHNICITIES: tuple[tuple[str, str], ...] = (
    (_WHITE + "English, Welsh, Scottish, Northern Irish or British", "White"), (_WHITE + "Irish", "White"),
    (_WHITE + "Any other White background", "White"),
    (_MIXED + "White and Black Caribbean", "Mixed"), (_MIXED + "White and Black African", "Mixed"),
    (_MIXED + "White and Asian", "Mixed"), (_MIXED + "Any other Mixed or multiple ethnic background", "Mixed"),
    (_ASIAN + "Indian", "Asian"), (_ASIAN + "Pakistani", "Asian"), (_ASIAN + "Bangladeshi", "Asian"),
    (_ASIAN + "Any other Asian background", "Asian"),
    (_BLACK + "Caribbean", "Black"), (_BLACK + "African", "Black"),
    (_BLACK + "Any other Black, Black British or Caribbean background", "Black"),
    (_ASIAN + "Chinese", "Asian"), ("Other ethnic group: Arab", "Other"),
    ("No data: Refused", NOT_STATED), ("No data: Undeclared or not known", NOT_STATED), ("", NOT_STATED),
)  # fmt: skip

ICB, PROVIDER_COLLABORATIVE, SPECIALISED, EATING_DISORDER = (
    "ICB",
    "NHS-led Provider Collaborative",
    "NHS England Specialised",
    "Adult Eating Disorder Provider Collaborative",
)
COMMISSIONER_CODES = {ICB: "", PROVIDER_COLLABORATIVE: "PC001", SPECIALISED: "SC001", EATING_DISORDER: "AE001"}
DELAY_REASONS = ("", "03", "06", "11", "98")
LEGAL_STATUSES = ("01", "02", "03", "09", "10", "15")
LEGAL_STATUS_GROUPS = {
    "01": "Informal", "02": "Part 2", "03": "Part 2",
    "09": "Part 3 restricted", "10": "Part 3 unrestricted", "15": "Part 3 restricted",
}  # fmt: skip
DISCHARGE_DESTINATIONS = ("Own home", "Family home", "Supported living", "Shared Lives", "Residential care home")
DSR_RATINGS = ("Red", "Amber", "Green", "Not on register")

FOCUSED_REASONS = ("Concern about care", "Family request", "Minority ethnic community")
HOLD_REASONS = ("Police", "Coroner", "Safeguarding")
CAUSE_GROUPS = (
    "Aspiration pneumonia", "Other pneumonia", "Other respiratory", "Circulatory", "Cancer", "Epilepsy", "Digestive",
    "Sepsis", "Congenital and genetic", "Other",
)  # fmt: skip

SERVICE_USER, CARER = "Service User", "Unpaid carer"
LEARNING_DISABILITY = "Learning Disability Support"
OTHER_REASONS = (
    "Physical Support: Personal care support",
    "Mental Health Support",
    "Support with Memory and Cognition",
)
RESIDENTIAL, NURSING, COMMUNITY, PRISON = (
    "Long term support: Residential care",
    "Long term support: Nursing care",
    "Long term support: Community",
    "Long term support: Prison",
)
LONG_TERM = frozenset({RESIDENTIAL, NURSING, COMMUNITY, PRISON})
SHORT_TERM = "Short term support: ST-Max"
CARER_SUPPORT = "Unpaid carer support: Direct to unpaid carer"
COMMUNITY_COMPONENTS = ("Supported living", "Home support", "Day support", "Direct payment", "Shared Lives")
ROUTES = ("Community or other route", "Discharge from hospital", "Transition from children's social care")

SETTLED = (
    "Supported accommodation, supported lodgings or supported group home",
    "Settled mainstream housing with family or friends",
    "Tenant: Local authority or other social housing provider",
    "Tenant: Private landlord",
    "Owner occupier or shared ownership scheme",
    "Shared Lives scheme",
)
UNSETTLED = (
    "Registered care home",
    "Registered nursing home",
    "Staying with family or friends as a short term guest",
    "Other temporary accommodation",
)
CARE_HOME, NURSING_HOME = UNSETTLED[0], UNSETTLED[1]
PRISON_CELL = "Prison, young offenders institution or detention centre"
NOT_MAPPED = "Lodging with landlady"
PAID = ("Paid: Less than 16 hours a week", "Paid: 16 or more hours a week", "Paid: Hours per week unknown")
NOT_PAID = (
    "Not in paid employment: Not actively seeking work or retired",
    "Not in paid employment: Seeking work",
    "Not in paid employment: Voluntary work only",
)
KNOWN_ACCOMMODATION = frozenset({*SETTLED, *UNSETTLED, PRISON_CELL})
KNOWN_EMPLOYMENT = frozenset({*PAID, *NOT_PAID})
