"""A data set of signs and affect that people record themselves: one folder, by consent, to be checked, merged, split and used."""
