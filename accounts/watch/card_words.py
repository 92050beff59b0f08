"""The sentences of the model card that no configuration can tell."""

PURPOSE = (
    (
        "To say how much likelier it is that somebody else is signing in to an account than its owner, so that "
        "unusual sign-ins are asked for more, and usual ones are left in peace."
    ),
    (
        "It advises the policy, which decides. It is not meant for judging people, for credit, for prices, or for "
        "deciding about an account without a way to contest it."
    ),
)

FEATURES = (
    (
        "Kept and compared as keyed pseudonyms or short codes; the model never reads a value, it only asks "
        "whether and how often it was seen before: by this customer, and by all."
    ),
)

SIGNALS = ("Each gives a finding with points beside the score. None of them is multiplied into it.",)

WEIGHTS = (
    (
        "The score is a sum of log-likelihood ratios (after Freeman 2016 and Wiefling 2021), one for each "
        "feature, given those before it. Tuned on synthetic sign-in logs; no customer's data was used for it."
    ),
)

THRESHOLDS = (
    (
        "Scores in nats. From the policy file that decides now; a change of it takes effect as the policy says, "
        "never by a job."
    ),
)

RULES = ("The highest level that the score or any one finding reaches counts. Points compare with nats.",)

METRICS = (
    (
        "From the decisions on record. Labels are what customers answered when they were asked whether a sign-in "
        "was theirs; few answer, and those who do are not a fair sample."
    ),
    (
        "Held or denied, it seems wrongly: a dispute was answered in the customer's favor, or a device key of theirs "
        "came with it and they came in within 72 hours, which they did not disown. Owners who gave up are not counted."
    ),
)

DRIFT = (
    (
        "The last week beside the four weeks before it: population stability index of each feature's part of the "
        "score, and of the level of risk. Empty until both windows have 200 sign-ins."
    ),
)

SEGMENTS = (
    "Completed sign-ins of 30 days. Kinds with fewer than 30 are not shown, so that no row points at a person.",
)

LIMITS = (
    ("Someone who uses the customer's own device, network and browser looks like the customer: the score cannot tell."),
    "A new customer has no history: their first sign-ins are judged by device and findings alone.",
    "Without a file of network places, country and network operator are absent and the score says less.",
    (
        "Genuine customers who give up at a challenge leave no completed sign-in: the challenge rate of genuine "
        "customers is higher than calibration can see. An attacker who passes and is not noticed counts as "
        "genuine there."
    ),
    "Many customers behind one address (mobile carriers, companies) share its reputation.",
    (
        "What the population learned cannot be unlearned: counts have faded since. So it learns a sign-in only "
        "after its owner had time to disown it; the customer's own profile learns at once, and forgets what a "
        "disowned sign-in brought."
    ),
    (
        "Figures from literature (95 % and more of attackers stopped with few challenges) were made on other "
        "people's sign-ins and say nothing about yours. Watch the rates below before you tighten anything."
    ),
)

FUNCTIONS = (
    (
        "Explainable: the parts of every score add up to it, and stand with the frozen inputs in the record of "
        "each decision; manage.py decision recomputes it. Customers, agents and operators each read it in their "
        "own words (NIST AI RMF, MEASURE 2.9)."
    ),
    (
        "Monitored: every night the threshold is worked out anew and drift is measured; alerts stand on the staff "
        "site until a person acknowledges them, which is audited (MEASURE 3.1, MANAGE 4.1)."
    ),
    (
        "Accountable: one named owner, one version for the model and one for the policy in each decision; "
        "customers can say that it was them, and contest a hold at the help desk (GOVERN 2.1, MANAGE 2.4)."
    ),
)
