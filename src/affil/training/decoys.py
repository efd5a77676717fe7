"""Decoys: fictitious institutions added to the training registry, so that a model trained on the small shipped one also suits a
large one.

They combine real cities and countries (GeoNames, ISO 3166) with typical names of universities, hospitals, institutes, firms and
offices, so that training strings meet what a full registry holds: homonyms in other towns, near names, nested names, parents
and children. Decoys are never used outside training.
"""

from __future__ import annotations

from collections.abc import Sequence

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
BRANDS = ("Gen", "Nova", "Syn", "Thera", "Cyto", "Helio", "Quanta", "Vita", "Opti",
          "Neuro", "Aero", "Hydro", "Bio", "Data", "Micro")  # fmt: skip
ENDINGS = ("tech", "ware", "dyne", "gen", "vax", "soft", "metrics", "sys", "logic", "pharma", "sense", "cor", "lux", "nix", "med")  # fmt: skip
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


NATIVE_SHARE, TOWN_SHARE = 0.35, 0.7  # cumulative: native names, names after a town; the rest is national
NATIVE_WITH_ENGLISH = 0.7  # native names with an English name too
UNIVERSITY_CLINIC = 0.5  # native universities with a hospital
UNIVERSITY_CHILD = 0.3  # other universities with a child (hospital or institute)
CHILD_HOSPITAL = 0.6  # of these children, hospitals
ACRONYM = 0.4  # names of three or more words with an acronym
CITIES = 9000  # number of cities, largest first


def make_decoys(count: int, seed: int, taken: frozenset[str]) -> list[Institution]:
    """Make `count` institutions, or one or two more; `taken` holds folded names of real ones, which are not used.

    A town gets several, some of them parent and child (a university and its hospital); national names repeat across countries,
    like "Institute of Physics".
    """
    maker = _Maker(seed, taken)
    while len(maker.made) < count:
        maker.add_some()
    return maker.made


class _Maker:
    """Draws cities and makes institutions in them."""

    def __init__(self, seed: int, taken: frozenset[str]) -> None:
        self.rng, self.taken = np.random.default_rng(seed), taken
        self.cities = sorted(cities(), key=lambda c: (-c.population, c.id))[:CITIES]
        self.countries = {code: country.name for code, country in countries().items()}
        self.language = {code: language for language, row in NATIVE.items() for code in row[0]}
        size = np.log([c.population for c in self.cities])
        chance = np.exp(0.5 * (size - size.max()))
        self.chance = chance / chance.sum()
        self.made: list[Institution] = []
        self.used: set[tuple[str, str]] = set()  # (folded name, country)

    def add_some(self) -> None:
        """Draw a city and add up to two institutions."""
        city = self.cities[self.rng.choice(len(self.cities), p=self.chance)]
        code, subject = city.country, self._pick(SUBJECTS)
        fill = {"c": city.name, "s": subject, "k": self.countries.get(code, code), "n": self._pick(SURNAMES),
                "m": self._pick(SURNAMES), "t": self._pick(SAINTS), "b": self._pick(BRANDS) + self._pick(ENDINGS)}  # fmt: skip
        roll = self.rng.random()
        if roll < NATIVE_SHARE and code in self.language:
            self._add_native(city, fill)
        elif roll < TOWN_SHARE:
            self._add_of_town(city, fill)
        else:
            kind, form = COUNTRY[self.rng.integers(len(COUNTRY))]
            self._add(form.format(**fill), kind, city)

    def _pick(self, options: tuple[str, ...]) -> str:
        return str(options[self.rng.integers(len(options))])

    def _add_native(self, city: City, fill: dict[str, str]) -> None:
        """Add one named in the country's language; a university may get a hospital."""
        language = self.language[city.country]
        _, university, hospital, clinic, technical, institute = NATIVE[language]
        form, english, kind = [
            (university, "University of {c}", "education"), (hospital, "{c} Hospital", "healthcare"),
            (technical, "Technical University of {c}", "education"), (institute, "Institute of {s} {c}", "facility"),
        ][self.rng.integers(4)]  # fmt: skip
        both = self.rng.random() < NATIVE_WITH_ENGLISH
        native = Name(form.format(**fill), language, "label")
        parent = self._add(english.format(**fill) if both else native.value, kind, city, [native] if both else [])
        if parent and kind == "education" and self.rng.random() < UNIVERSITY_CLINIC:
            alias = Name(f"University Hospital {city.name}", "en", "alias")
            self._add(clinic.format(**fill), "healthcare", city, [alias], (parent,))

    def _add_of_town(self, city: City, fill: dict[str, str]) -> None:
        """Add one named after its town; a university may get a child, a "First" hospital gets a "Third"."""
        kind, form = TOWN[self.rng.integers(len(TOWN))]
        name = form.format(**fill)
        parent = self._add(name, kind, city)
        if parent and kind == "education" and self.rng.random() < UNIVERSITY_CHILD:
            hospital = self.rng.random() < CHILD_HOSPITAL
            child = f"{name} Hospital" if hospital else f"{fill['s']} Institute, {name}"
            self._add(child, "healthcare" if hospital else "facility", city, parents=(parent,))
        if parent and kind == "healthcare" and "First" in name:
            self._add(name.replace("First", "Third"), kind, city)

    def _add(self, name: str, kind: str, city: City, more: Sequence[Name] = (), parents: tuple[str, ...] = ()) -> str:
        """Add an institution unless its name is taken by a real one or within the country; return its id, or ""."""
        code = city.country
        folded = {fold(name), *(fold(n.value) for n in more)}
        other = {" ".join(s) for f in folded if (s := swapped(f.split()))}
        if (fold(name), code) in self.used or (folded | other) & self.taken:
            return ""
        self.used.add((fold(name), code))
        names = [Name(name, "en", "official"), *more]
        capitals = "".join(w[0] for w in name.replace("'s", "").split() if w[0].isupper())
        if len(capitals) > 2 and self.rng.random() < ACRONYM:
            names.append(Name(capitals, "", "acronym"))
        prominence = float(self.rng.gamma(2.0, 0.8)) + 0.08 * float(np.log(float(city.population) + 1))
        decoy = Institution(
            f"decoy:{len(self.made)}",
            name,
            tuple(names),
            kind,
            country=code,
            region=f"{code}-{city.admin1}",
            city=city.name,
            lat=city.lat,
            lon=city.lon,
            parents=parents,
            prominence=round(prominence, 3),
        )
        self.made.append(decoy)
        return decoy.id
