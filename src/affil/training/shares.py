"""How often composed strings are of each kind, and are written, addressed and damaged in each way.

They were set by how the strings of papers look, and stay as they are: the shipped model was trained on strings composed with
them. Each is the chance of one draw, between 0 and 1; where draws follow one another, of the rest.
"""

from __future__ import annotations

from typing import Final

# The kinds of composed strings, each the name of a method of `Writer`.
KINDS: Final = {
    "nothing": 0.06,  # no institution at all
    "stranger": 0.08,  # one that the registry lacks
    "elsewhere": 0.08,  # a namesake, in a country where nobody known has the name
    "near": 0.06,  # a name that differs from a known one by a word
    "borrowed": 0.02,  # a street, product or prize called after an institution
    "capitals": 0.01,  # a row of capitals
    "several": 0.19,  # two to six institutions
    "joint": 0.02,  # a laboratory of two
    "mail": 0.02,  # an address of mail or a domain
    "short": 0.10,  # a short name alone or with a department's
    "branch": 0.04,  # a company or a body in a country where it has no known site
    "school": 0.02,  # a school by a university's own word
    "site": 0.02,  # a branch told by its place only
    "single": 0.28,  # one institution
}
# Which of its names an institution goes by: weights, not shares; kinds that are missing here have 1.
NAME_WEIGHTS: Final = {"official": 5.0, "label": 2.5, "alias": 2.0, "acronym": 1.3, "former": 1.0}
# How a name is rewritten; else it stays.
REWRITTEN: Final = {
    "abbreviated": 0.25,  # "Univ. of Oxford"
    "university last": 0.04,  # "Oxford University" for "University of Oxford"
    "university first": 0.03,  # the other way round
    "with the": 0.08,  # "The University of Oxford"
}

# Whom a string is about
BODY: Final = 0.3  # of strings about a site elsewhere those about large bodies; the rest is about companies
STRANGER_IN_NAMED_TOWN: Final = 0.3  # a stranger in a town whose name is in that of a known institution
STRANGER_AMONG_SEVERAL: Final = 0.12  # each of several
PARENT_TOO: Final = 0.5  # an institution with its parent
PARENT_FIRST: Final = 0.3  # of these the parent's name in front
ACRONYM_TOO: Final = 0.25  # an acronym behind the name
# How it is named
NAMESAKE_BY_NAME: Final = 0.7  # a namesake by any name of the institution, else by its shortest one
NEAR_OF_SUBJECT: Final = 0.2  # of near names: a university's full name goes on
BORROWED_HAN: Final = 0.3  # what is called after an institution has its Chinese short name
JOINT_HAN: Final = 0.5  # a joint laboratory of two Chinese short names
SHORT_ALONE: Final = 0.4  # a short name with nothing beside it
ACRONYM_OF_REGISTRY: Final = 0.7  # capitals that an institution bears, else made-up ones
CAPITALS_OF_REGISTRY: Final = 0.2  # the same where the capitals must name nobody
# What stands before and beside it
BARE: Final = 0.22  # nothing at all
HAN_DEPARTMENT: Final = 0.6  # a department behind a Chinese, Japanese or Korean name
SCHOOL_WITHOUT_COMMA: Final = 0.07  # "Fernhollow University School of Physics"
DEPARTMENT: Final = 0.7  # a department
DEPARTMENT_ACRONYM: Final = 0.10  # capitals of a group behind the department
DEPARTMENT_LAST: Final = 0.2  # the department behind the name
DEPARTMENT_SECOND: Final = 0.2  # a second department in front of the first
SCHOOL_DEPARTMENT: Final = 0.4  # a department before a school by a university's own word
SEVERAL_PLAIN: Final = 0.5  # several names without departments and addresses of their own
SEVERAL_DEPARTMENT: Final = 0.3  # one department before all of them
SEVERAL_CITY: Final = 0.3  # one city behind all of them
AUTHOR_IN_FRONT: Final = 0.04  # "Anna Moreau is with"
# The address
STREET: Final = 0.12  # a street
OFFICE_ELSEWHERE: Final = 0.4  # the address of another, for kinds that have many sites
CITY: Final = 0.6  # a city
CITY_RIGHT: Final = 0.97  # and no other one
US_STATE: Final = 0.7  # the code of a state behind a city of the USA
US_ZIP: Final = 0.4  # and a postcode behind it
POSTCODE: Final = 0.25  # a postcode elsewhere
POSTCODE_FIRST: Final = 0.5  # and that in front of the city
COUNTRY: Final = 0.6  # a country
PR_CHINA: Final = 0.3  # China as "P.R. China"
PLACE_REGION: Final = 0.7  # a region of the USA, Canada or Australia where a string is told by its place
PLACE_REGION_CODE: Final = 0.7  # as a code, else in full
SCHOOL_PLACE: Final = 0.5  # a place behind a school by a university's own word
BORROWED_PLACE: Final = 0.5  # a place behind what is called after an institution
# The damage
ASCII: Final = 0.12  # accents lost
CAPITALS: Final = 0.06  # all in capitals
LOWER_CASE: Final = 0.04  # all in lower case
TYPO: Final = 0.08  # a letter missing, doubled or swapped
GLUED: Final = 0.06  # a blank missing
FOOTNOTE: Final = 0.05  # a footnote's mark in front
ENDING: Final = 0.04  # a mark or a note behind
CUT: Final = 0.03  # the end of a long string missing
