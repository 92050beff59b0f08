"""The published marginals that the synthetic log is drawn from.

Sources: Wiefling et al., RBA data set (CC BY 4.0), totals and a sample of 141,141 rows as scanned by others.
"""

DAYS = 391
START = 1_580_733_810  # 2020-02-03 12:43:30 UTC
MU, SIGMA = 0.72, 1.2  # the published fit is 0.702, 1.132; some attempts fall beyond the end of the log
SUCCESS = 0.73

# country: (share of all rows %, success %)
COUNTRIES = {
    "NO": (43.9, 65.5), "US": (26.2, 25.6), "RU": (4.5, 0.6), "BR": (3.8, 31.6), "PL": (3.0, 40.7), "DE": (2.9, 15.2),
    "IN": (1.5, 28.1), "UA": (1.4, 30.5), "AU": (1.4, 24.8), "GB": (1.4, 51.6), "ID": (1.0, 30.0), "FR": (0.6, 30.0),
    "NL": (0.5, 30.0), "CA": (0.5, 30.0), "IT": (0.5, 30.0), "RO": (0.3, 30.0), "SE": (0.5, 40.0), "DK": (0.5, 40.0),
    "ES": (0.4, 30.0), "AR": (0.3, 30.0), "MX": (0.3, 30.0), "LV": (0.1, 30.0), "CL": (0.2, 30.0), "CZ": (0.2, 30.0),
}  # fmt: skip
OTHERS = 40  # further countries that share what is left evenly

# country: (AS number, weight within the country); the rest of a country is a Zipf tail
NETWORKS = {
    "NO": ((29695, 0.62), (41164, 0.116), (15659, 0.064), (15599, 0.06), (25400, 0.03), (57963, 0.018)),
    "US": ((393398, 0.78), (11427, 0.038), (398986, 0.036)),
    "BR": ((262582, 0.6),),
    "DE": ((29492, 0.5),),
    "PL": ((205727, 0.4),),
}
TAIL = {"NO": 80, "US": 500, "RU": 120, "BR": 200, "DE": 90, "PL": 80, "IN": 60}
TAIL_OTHERS = 25

HOURS = (16, 20, 23, 26, 32, 39, 50, 58, 67, 74, 75, 74, 72, 74, 77, 79, 80, 78, 73, 69, 60, 45, 30, 20)
WEEKDAYS = (15.1, 15.4, 15.0, 14.8, 14.2, 12.5, 13.0)

# (system, kind, share among the devices of real accounts %)
DEVICES = (
    ("iOS", "mobile", 38.5), ("iOS", "tablet", 3.6), ("Android", "mobile", 30.2), ("Android", "tablet", 0.6),
    ("Mac OS X", "desktop", 22.4), ("Chrome OS", "desktop", 3.4), ("Windows", "desktop", 2.0), ("KaiOS", "mobile", 0.2),
)  # fmt: skip
BROWSERS = {
    "iOS": (("Chrome Mobile", 58), ("Chrome Mobile WebView", 22), ("Firefox iOS", 8), ("Opera Mobile", 6),
            ("Mobile Safari", 6)),
    "Android": (("Chrome Mobile", 40), ("Android", 32), ("Chrome Mobile WebView", 14), ("Firefox Mobile", 8),
                ("Opera Mobile", 6)),
    "Mac OS X": (("Chrome", 74), ("Firefox", 15), ("Opera", 8), ("Edge", 3)),
    "Chrome OS": (("Chrome", 100),),
    "Windows": (("Chrome", 55), ("Firefox", 25), ("Edge", 20)),
    "KaiOS": (("Firefox Mobile", 100),),
}  # fmt: skip
MODELS = {"iOS": 6, "Android": 120, "Mac OS X": 3, "Chrome OS": 10, "Windows": 2, "KaiOS": 5}

# What knocks at accounts that do not exist, in % of those rows: (browser, system, kind, share)
KNOCKERS = (
    ("ZipppBot", "Other", "bot", 8.1), ("startmebot", "Other", "bot", 2.0), ("VLC", "Other", "unknown", 4.9),
    ("Chromecast", "Chromecast", "unknown", 1.3), ("Chrome Mobile", "iOS", "mobile", 29.0),
    ("Chrome Mobile", "iOS", "tablet", 2.0),
    ("Chrome Mobile", "Android", "mobile", 14.0), ("Android", "Android", "mobile", 12.0),
    ("Chrome", "Mac OS X", "desktop", 16.0),
    ("Firefox", "Mac OS X", "desktop", 5.0), ("Chrome", "Chrome OS", "desktop", 3.4),
    ("Opera", "Windows", "desktop", 2.2),
)  # fmt: skip
TAKEOVER_COUNTRIES = (
    ("RO", 79), ("NO", 4), ("BR", 9), ("ID", 9), ("CA", 9), ("IT", 7), ("DK", 5), ("LV", 3), ("CL", 3), ("CZ", 2),
)  # fmt: skip
NOBODY = "-4324475583306591935"
FREQUENCIES = ((1.0, 0.16), (3.0, 0.20), (7.0, 0.24), (21.0, 0.22), (60.0, 0.18))
"""Mean days between sign-ins, and share of accounts."""
