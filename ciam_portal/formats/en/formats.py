"""An instant as staff read it: sortable, to the minute, with its zone. Pages for customers say how they want theirs."""

DATETIME_FORMAT = "Y-m-d H:i e"
DATE_FORMAT = "Y-m-d"
