"""Made-up institutions that crowd the training registry, so that a model trained on the small shipped one knows a large one.

They are composed from the names of real cities and countries (GeoNames, ISO 3166) and the ways in which the world names its
universities, hospitals, institutes, firms and offices, so that a training string meets what it would meet in a full registry:
homonyms in other towns, near names, nested names, parents and children. None is claimed to exist; none leaves training.
"""

from __future__ import annotations

import numpy as np

from affil.names import fold
from affil.names.variants import swapped
from affil.registry.geonames import City, cities, countries
from affil.types import Institution, Name

SUBJECTS = (
    "Physics", "Chemistry", "Biology", "Mathematics", "Medicine", "Neuroscience", "Genetics", "Oncology", "Cardiology", "Ecology",
    "Agriculture", "Forestry", "Oceanography", "Geology", "Astronomy", "Economics", "Education", "Law", "Psychology", "Philosophy",
    "Computer Science", "Informatics", "Artificial Intelligence", "Robotics", "Automation", "Electronics", "Optics", "Materials",
    "Mechanical Engineering", "Civil Engineering", "Chemical Engineering", "Energy", "Nuclear Research", "Space Research",
    "Environmental Science", "Public Health", "Tropical Medicine", "Infectious Diseases", "Immunology", "Biotechnology",
    "Pharmacology", "Veterinary Medicine", "Nursing", "Dentistry", "Statistics", "Management", "Business", "Social Research",
    "History", "Linguistics", "Architecture", "Microbiology", "Biophysics", "Molecular Biology", "Water Research", "Transport",
    "Food Science", "Plant Breeding", "Standards", "Metrology", "Information Science", "Telecommunications", "Design", "Music",
)  # fmt: skip
SURNAMES = (
    "Harlow", "Brenner", "Castell", "Okafor", "Lindqvist", "Moreau", "Takeda", "Novak", "Petrov", "Ferreira", "Kowalski", "Haddad",
    "Iyer", "Mbeki", "Olsen", "Papadakis", "Rossi", "Schuster", "Tanaka", "Ueda", "Vargas", "Whitfield", "Yilmaz", "Zhang",
    "Aldridge", "Bauer", "Carver", "Dubois", "Eriksen", "Fairchild", "Goldman", "Hoffmann", "Ivanov", "Jansen", "Keller", "Laurent",
    "Marlowe", "Nakamura", "Ortega", "Pryce", "Quintero", "Rhodes", "Sutton", "Thorne", "Ulrich", "Vance", "Wexler", "Yamada",
)  # fmt: skip
SAINTS = ("Mary", "John", "Luke", "Joseph", "Elizabeth", "Anne", "James", "Thomas", "Vincent", "Francis", "Michael", "Peter")
BRANDS = (
    "Gen",
    "Nova",
    "Syn",
    "Thera",
    "Cyto",
    "Helio",
    "Quanta",
    "Vita",
    "Opti",
    "Neuro",
    "Aero",
    "Hydro",
    "Bio",
    "Data",
    "Micro",
)
ENDINGS = (
    "tech",
    "ware",
    "dyne",
    "gen",
    "vax",
    "soft",
    "metrics",
    "sys",
    "logic",
    "pharma",
    "sense",
    "cor",
    "lux",
    "nix",
    "med",
)
# language: (countries, university, hospital, university hospital, technical university, institute)
NATIVE = {
    "de": (("DE", "AT"), "Universität {c}", "Klinikum {c}", "Universitätsklinikum {c}", "Technische Universität {c}", "Institut für {s} {c}"),
    "fr": (("FR", "BE", "DZ", "MA", "TN"), "Université de {c}", "Hôpital de {c}", "Centre Hospitalier Universitaire de {c}",
           "Institut National Polytechnique de {c}", "Institut de {s} de {c}"),
    "es": (("ES", "MX", "AR", "CO", "CL", "PE"), "Universidad de {c}", "Hospital General de {c}", "Hospital Universitario de {c}",
           "Universidad Tecnológica de {c}", "Instituto de {s} de {c}"),
    "pt": (("BR", "PT"), "Universidade de {c}", "Hospital de {c}", "Hospital Universitário de {c}", "Instituto Politécnico de {c}",
           "Instituto de {s} de {c}"),
    "it": (("IT",), "Università degli Studi di {c}", "Ospedale di {c}", "Azienda Ospedaliero-Universitaria di {c}",
           "Politecnico di {c}", "Istituto di {s} di {c}"),
    "pl": (("PL",), "Uniwersytet w {c}", "Szpital w {c}", "Szpital Uniwersytecki w {c}", "Politechnika {c}", "Instytut {s} w {c}"),
    "tr": (("TR",), "{c} Üniversitesi", "{c} Devlet Hastanesi", "{c} Üniversitesi Hastanesi", "{c} Teknik Üniversitesi", "{c} Enstitüsü"),
    "sv": (("SE", "NO", "DK"), "{c} universitet", "{c} sjukhus", "{c} universitetssjukhus", "{c} tekniska högskola", "Institutet {c}"),
}  # fmt: skip
TOWN = (
    ("education", "University of {c}"), ("education", "{c} University"), ("education", "{c} State University"),
    ("education", "{c} University of Technology"), ("education", "{c} Institute of Technology"), ("education", "{c} College"),
    ("education", "{c} Medical College"), ("education", "{c} Medical University"), ("education", "{c} Normal University"),
    ("education", "{c} University of Science and Technology"), ("education", "Technical University of {c}"),
    ("education", "{c} Polytechnic University"), ("education", "{c} Business School"), ("education", "{c} Community College"),
    ("healthcare", "{c} General Hospital"), ("healthcare", "{c} Hospital"), ("healthcare", "University Hospital {c}"),
    ("healthcare", "First People's Hospital of {c}"), ("healthcare", "Second People's Hospital of {c}"),
    ("healthcare", "{c} Regional Medical Center"), ("healthcare", "{c} Children's Hospital"), ("healthcare", "{c} Central Hospital"),
    ("healthcare", "{c} Cancer Center"), ("healthcare", "Royal {c} Hospital"), ("healthcare", "{c} Clinic"),
    ("facility", "{c} Research Center"), ("facility", "{c} Institute of {s}"), ("facility", "Institute of {s} {c}"),
    ("facility", "{c} Observatory"), ("facility", "{c} National Laboratory"), ("facility", "{c} Botanical Garden"),
    ("government", "City of {c}"), ("government", "{c} Department of Health"), ("archive", "{c} Museum"), ("archive", "{c} Library"),
    ("nonprofit", "{c} Foundation"), ("nonprofit", "{c} Health Trust"), ("other", "{c} Science Park"),
)  # fmt: skip
COUNTRY = (
    ("facility", "National Institute of {s}"), ("facility", "Institute of {s}"), ("facility", "{s} Research Institute"),
    ("facility", "{k} Academy of Sciences"), ("facility", "{k} Institute of {s}"), ("facility", "National Center for {s}"),
    ("government", "Ministry of {s}"), ("government", "{k} Research Council"), ("government", "National {s} Agency"),
    ("nonprofit", "{k} Society of {s}"), ("nonprofit", "{k} {s} Association"), ("healthcare", "National {s} Hospital"),
    ("healthcare", "Saint {t}'s Hospital"), ("healthcare", "{t} Memorial Hospital"), ("healthcare", "General Hospital"),
    ("company", "{b}"), ("company", "{b} Technologies"), ("company", "{n} Pharmaceuticals"), ("company", "{n} Group"),
    ("company", "{n} & {m}"), ("company", "{n} Consulting"), ("nonprofit", "{n} Foundation"), ("facility", "{n} Institute"),
    ("facility", "{n} Research Institute for {s}"), ("education", "{n} University"), ("education", "{n} College"),
    ("facility", "Center for {s}"), ("facility", "{s} Laboratory"), ("education", "School of {s}"), ("education", "College of {s}"),
)  # fmt: skip


def make_decoys(count: int, seed: int, taken: frozenset[str]) -> list[Institution]:
    """Make `count` institutions; `taken` holds the folded names that they must leave to real ones.

    A town gets several, some of them parent and child (a university and its hospital); national ones repeat from country to
    country, as "Institute of Physics" does.
    """
    rng = np.random.default_rng(seed)
    towns = sorted(cities(), key=lambda c: (-c.population, c.id))[:9000]
    country_names = {code: country.name for code, country in countries().items()}
    size = np.log([town.population for town in towns])
    chance = np.exp(0.5 * (size - size.max()))
    chance /= chance.sum()
    language_of = {code: lang for lang, row in NATIVE.items() for code in row[0]}
    out: list[Institution] = []
    used: set[tuple[str, str]] = set()

    def pick(options: tuple[str, ...]) -> str:
        return str(options[rng.integers(len(options))])

    def add(name: str, kind: str, city: City, extra: list[Name], parents: tuple[str, ...] = ()) -> str:
        key = (fold(name), city.country)
        typed = {key[0], *(fold(n.value) for n in extra)}
        other = {" ".join(s) for t in typed if (s := swapped(t.split()))}
        if key in used or (typed | other) & taken:
            return ""
        used.add(key)
        names = [Name(name, "en", "official"), *extra]
        capitals = "".join(w[0] for w in name.replace("'s", "").split() if w[0].isupper())
        if len(capitals) > 2 and rng.random() < 0.4:
            names.append(Name(capitals, "", "acronym"))
        ident = f"decoy:{len(out)}"
        popularity = float(rng.gamma(2.0, 0.8)) + 0.08 * float(np.log(float(city.population) + 1))
        out.append(
            Institution(
                ident,
                name,
                tuple(names),
                kind,
                city.country,
                f"{city.country}-{city.admin1}",
                city.name,
                city.lat,
                city.lon,
                "",
                parents,
                prominence=round(popularity, 3),
            )
        )
        return ident

    while len(out) < count:
        city = towns[rng.choice(len(towns), p=chance)]
        town, code, subject = city.name, city.country, pick(SUBJECTS)
        fill = {"c": town, "s": subject, "k": country_names.get(code, code), "n": pick(SURNAMES), "m": pick(SURNAMES), "t": pick(SAINTS),
                "b": pick(BRANDS) + pick(ENDINGS)}  # fmt: skip
        roll = rng.random()
        if roll < 0.35 and code in language_of:
            language = language_of[code]
            _, university, hospital, clinic, technical, institute = NATIVE[language]
            form, english, kind = [
                (university, "University of {c}", "education"), (hospital, "{c} Hospital", "healthcare"),
                (technical, "Technical University of {c}", "education"), (institute, "Institute of {s} {c}", "facility"),
            ][rng.integers(4)]  # fmt: skip
            both = rng.random() < 0.7
            native = Name(form.format(**fill), language, "label")
            name = english.format(**fill) if both else native.value
            parent = add(name, kind, city, [native] if both else [])
            if parent and kind == "education" and rng.random() < 0.5:
                add(clinic.format(**fill), "healthcare", city, [Name(f"University Hospital {town}", "en", "alias")], (parent,))
        elif roll < 0.7:
            kind, form = TOWN[rng.integers(len(TOWN))]
            name = form.format(**fill)
            parent = add(name, kind, city, [])
            if parent and kind == "education" and rng.random() < 0.3:
                child, what = (
                    (f"{name} Hospital", "healthcare") if rng.random() < 0.6 else (f"{subject} Institute, {name}", "facility")
                )
                add(child, what, city, [], (parent,))
            if parent and kind == "healthcare" and "First" in name:
                add(name.replace("First", "Third"), kind, city, [])
        else:
            kind, form = COUNTRY[rng.integers(len(COUNTRY))]
            add(form.format(**fill), kind, city, [])
    return out
