"""The pages of the site: each module computes the template values of its pages in one language from a `Frame`."""
