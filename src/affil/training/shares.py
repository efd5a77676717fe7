"""Probabilities of the kinds of synthetic strings, and of how they are written, addressed and damaged.

They follow the strings of papers and are frozen: the shipped model was trained with them. Each is the probability of one draw;
of consecutive draws, conditional on the previous ones.
"""

from __future__ import annotations

from typing import Final

# Kinds of synthetic strings, each a method of `Writer`.
KINDS: Final = {
    "nothing": 0.06,  # no institution at all
    "stranger": 0.08,  # an institution that the registry lacks
    "elsewhere": 0.08,  # a homonym in a country where no known institution has the name
    "near": 0.06,  # a name that differs from a known one in one word
    "borrowed": 0.02,  # a street, product or prize named after an institution
    "capitals": 0.01,  # a run of capitals
    "several": 0.19,  # two to six institutions
    "joint": 0.02,  # a joint laboratory of two institutions
    "mail": 0.02,  # an e-mail address or a domain
    "short": 0.10,  # a short name, alone or with a department
    "branch": 0.04,  # a company or large body in a country where it has no known site
    "school": 0.02,  # a school named by a university's distinctive word
    "site": 0.02,  # a branch identified by its place only
    "single": 0.28,  # one institution
}
# Weights of the kinds of names (not shares); missing kinds have 1.
NAME_WEIGHTS: Final = {"official": 5.0, "label": 2.5, "alias": 2.0, "acronym": 1.3, "former": 1.0}
# How a name is rewritten, if at all.
REWRITTEN: Final = {
    "abbreviated": 0.25,  # "Univ. of Oxford"
    "university last": 0.04,  # "Oxford University" for "University of Oxford"
    "university first": 0.03,  # the reverse
    "with the": 0.08,  # "The University of Oxford"
}

# Which institutions a string is about
BODY: Final = 0.3  # of `branch` strings, those about large bodies; the rest are about companies
STRANGER_IN_NAMED_TOWN: Final = 0.3  # a stranger in a town that is part of a known institution's name
STRANGER_AMONG_SEVERAL: Final = 0.12  # a stranger, for each of several
PARENT_TOO: Final = 0.5  # an institution with its parent
PARENT_FIRST: Final = 0.3  # of these, with the parent first
ACRONYM_TOO: Final = 0.25  # an acronym after the name
# How they are named
NAMESAKE_BY_NAME: Final = 0.7  # a homonym by any name of the institution, else by the shortest
NEAR_OF_SUBJECT: Final = 0.2  # near names that extend a university's full name
BORROWED_HAN: Final = 0.3  # a thing named after an institution has its Chinese short name
JOINT_HAN: Final = 0.5  # a joint laboratory has two Chinese short names
SHORT_ALONE: Final = 0.4  # a bare short name
ACRONYM_OF_REGISTRY: Final = 0.7  # capitals are an institution's acronym, else random
CAPITALS_OF_REGISTRY: Final = 0.2  # the same in strings without a label
# Departments
BARE: Final = 0.22  # the bare name
HAN_DEPARTMENT: Final = 0.6  # a department after a Chinese, Japanese or Korean name
SCHOOL_WITHOUT_COMMA: Final = 0.07  # "Fernhollow University School of Physics"
DEPARTMENT: Final = 0.7  # a department
DEPARTMENT_ACRONYM: Final = 0.10  # a group's acronym after the department
DEPARTMENT_LAST: Final = 0.2  # the department after the name
DEPARTMENT_SECOND: Final = 0.2  # a second department before the first
SCHOOL_DEPARTMENT: Final = 0.4  # a department before a `school` name
SEVERAL_PLAIN: Final = 0.5  # several names without own departments and addresses
SEVERAL_DEPARTMENT: Final = 0.3  # one department before all of them
SEVERAL_CITY: Final = 0.3  # one city after all of them
AUTHOR_IN_FRONT: Final = 0.04  # "Anna Moreau is with"
# The address
STREET: Final = 0.12  # a street
OFFICE_ELSEWHERE: Final = 0.4  # another institution's address, for kinds with many sites
CITY: Final = 0.6  # a city
CITY_RIGHT: Final = 0.97  # the institution's own city
US_STATE: Final = 0.7  # a state code after a city in the USA
US_ZIP: Final = 0.4  # a ZIP code after it
POSTCODE: Final = 0.25  # a postcode elsewhere
POSTCODE_FIRST: Final = 0.5  # that before the city
COUNTRY: Final = 0.6  # a country
PR_CHINA: Final = 0.3  # China as "P.R. China"
PLACE_REGION: Final = 0.7  # a region of the USA, Canada or Australia in `site` strings
PLACE_REGION_CODE: Final = 0.7  # as a code, else in full
SCHOOL_PLACE: Final = 0.5  # a place after a `school` name
BORROWED_PLACE: Final = 0.5  # a place after a `borrowed` name
# Damage
ASCII: Final = 0.12  # accents lost
CAPITALS: Final = 0.06  # all in capitals
LOWER_CASE: Final = 0.04  # all in lower case
TYPO: Final = 0.08  # a letter missing, doubled or swapped
GLUED: Final = 0.06  # a blank missing
FOOTNOTE: Final = 0.05  # a footnote mark in front
ENDING: Final = 0.04  # a mark or a note at the end
CUT: Final = 0.03  # a long string truncated
