"""The studio: where people record a data set."""
