"""The pages of the site: each module gives the values of its templates, in one language, from a `Frame`."""
