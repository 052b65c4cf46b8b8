"""Folds a word's plural and its British spelling, so that its usual forms are one; knows no text around it.

Only inflections fold. A real stemmer merges object with objective and adapter with adaptive, and so isn't used. What a
rule can't tell stands in a table; a form that may belong to two words is read as the commoner one.
"""

from __future__ import annotations

import re

_IRREGULAR = {
    # the plurals of -is; basis has its plural in common with base, so the three are one word
    "bases": "base", "basis": "base", "axes": "axis", "crises": "crisis", "diagnoses": "diagnosis",
    "prognoses": "prognosis", "neuroses": "neurosis", "psychoses": "psychosis", "symbioses": "symbiosis",
    "fibroses": "fibrosis", "stenoses": "stenosis", "thromboses": "thrombosis", "metastases": "metastasis",
    "emphases": "emphasis", "oases": "oasis", "synopses": "synopsis",
    # Latin and Greek
    "stimuli": "stimulus", "loci": "locus", "foci": "focus", "nuclei": "nucleus", "radii": "radius",
    "moduli": "modulus", "calculi": "calculus", "fungi": "fungus", "bacilli": "bacillus", "hippocampi": "hippocampus",
    "tori": "torus", "syllabi": "syllabus", "sulci": "sulcus", "gyri": "gyrus", "automata": "automaton",
    "bacteria": "bacterium", "criteria": "criterion", "phenomena": "phenomenon", "spectra": "spectrum",
    "quanta": "quantum", "maxima": "maximum", "minima": "minimum", "optima": "optimum", "extrema": "extremum",
    "curricula": "curriculum", "equilibria": "equilibrium", "strata": "stratum", "polyhedra": "polyhedron",
    "corpora": "corpus", "genera": "genus", "schemata": "schema", "lemmata": "lemma", "formulae": "formula",
    "antennae": "antenna", "larvae": "larva", "algae": "alga", "vertebrae": "vertebra", "nebulae": "nebula",
    "supernovae": "supernova", "matrices": "matrix", "vertices": "vertex", "indices": "index",
    "appendices": "appendix", "vortices": "vortex", "cortices": "cortex", "simplices": "simplex", "helices": "helix",
    "codices": "codex",
    # English
    "leaves": "leaf", "halves": "half", "lives": "life", "knives": "knife", "wolves": "wolf", "shelves": "shelf",
    "selves": "self", "calves": "calf", "mice": "mouse", "feet": "foot", "teeth": "tooth", "children": "child",
    "women": "woman", "quizzes": "quiz", "movies": "movie", "cookies": "cookie", "calories": "calorie",
    "selfies": "selfie", "canoes": "canoe", "caches": "cache", "niches": "niche", "avalanches": "avalanche",
    "psyches": "psyche", "tranches": "tranche", "headaches": "headache", "biases": "bias", "aliases": "alias",
    "atlases": "atlas", "canvases": "canvas", "lenses": "lens", "gases": "gas", "viruses": "virus",
    "statuses": "status", "focuses": "focus", "campuses": "campus", "bonuses": "bonus", "buses": "bus",
    "corpuses": "corpus", "censuses": "census", "consensuses": "consensus", "sinuses": "sinus",
    # a plural's s behind i or u, also of what some write in small letters
    "menus": "menu", "gurus": "guru", "plateaus": "plateau", "bureaus": "bureau", "taxis": "taxi", "skis": "ski",
    "emojis": "emoji", "wikis": "wiki", "gpus": "gpu", "cpus": "cpu", "tpus": "tpu", "npus": "npu", "imus": "imu",
    "grus": "gru", "relus": "relu", "apis": "api", "guis": "gui", "rois": "roi", "mris": "mri", "bcis": "bci",
}  # fmt: skip
_NO_PLURAL = ("ss", "us", "is", "bias", "alias", "atlas", "canvas", "lens", "news", "series", "species")
_PLURALS = (
    (re.compile(r"(?<=\w)([ye]s)es$"), r"\1is"),  # analyses, hypotheses
    (re.compile(r"(?<=\w\w)ies$"), "y"),
    (re.compile(r"(ss|x|zz|[cs]h)es$"), r"\1"),  # losses, boxes, meshes: the e is the plural's
    (re.compile(r"(?<=\w\w\wo)es$"), ""),  # heroes, but not shoes
    (re.compile(r"s$"), ""),  # cases, sizes: the e is the word's
)

_OUR = "behavi|col|fav|flav|harb|hon|hum|lab|neighb|rum|tum|vap|endeav|arm|glam|rig|sav|val|vig|clam|ferv|od|parl"
_EL = "mod|lab|trav|canc|chann|lev|tunn|pan|parc|fu|du|funn|unrav|swiv|bev|shov|couns"
_AL = "sign|tot|equ|di|tri|spir|initi|marsh|met"
_OGUE = "catal|dial|anal|monol|homol|prol|epil"
_BRITISH = tuple(
    (letters, re.compile(british), american)
    for letters, british, american in (
        ("our", rf"({_OUR})our", r"\1or"),
        ("practis", r"(?<=practi)s(?=(?:ed?|ing)$)", "c"),
        ("is", r"is(?=(?:ed?|er|ing|ation|ational|able)$)", "iz"),
        ("ys", r"ys(?=(?:ed?|er|ing)$)", "yz"),
        ("ll", rf"((?:{_EL})el|(?:{_AL})al|(?:penc|stenc)il)l(?=(?:ed|ing|er|or)$)", r"\1"),
        ("re", r"(cent|fib|lit|met|theat|calib|lust|spect|tit)re$", r"\1er"),
        ("centred", r"centred$", "centered"),
        ("centring", r"centring$", "centering"),
        ("ence", r"(def|off|lic|pret)ence(?=d?$)", r"\1ense"),
        ("ogue", rf"((?:{_OGUE})og)ue$", r"\1"),
        ("ogu", rf"((?:{_OGUE})og)u(?=(?:ed|ing)$)", r"\1"),
        ("programme", r"programme$", "program"),
        ("aem", r"(h|an|leuk|isch|glyc|ur)aem(?=[aio])", r"\1em"),
        ("aesth", r"aesth", "esth"),
        ("paed", r"paed", "ped"),
        ("gynaec", r"gynaec", "gynec"),
        ("aetiolog", r"aetiolog", "etiolog"),
        ("caes", r"caes(?=ium|arean)", "ces"),
        ("faec", r"faec", "fec"),
        ("palaeo", r"palaeo", "paleo"),
        ("oe", r"oe(?=dem|str|sophag|t(?:al|us))|(?<=diarrh)oe|(?<=pn)oe(?=a)|(?<=c)oe(?=liac)", "e"),
        ("manoeuvr", r"manoeuvr(?:e?$|(?=ed$|ing$|ab))", "maneuver"),
        ("sulph", r"sulph", "sulf"),
        ("artefact", r"artefact", "artifact"),
        ("ageing", r"ageing$", "aging"),
        ("gement", r"(judg|acknowledg)ement", r"\1ment"),
        ("aluminium", r"aluminium", "aluminum"),
        ("mould", r"mould", "mold"),
        ("grey", r"grey", "gray"),
    )
)
"""Letters without which a word can't be British in this way, what is, and what is put in its place."""
_PREFIX_ENDS = ((re.compile(r"(?<=[^aeiou])is$"), "iz"), (re.compile(r"ys$"), "yz"))


def fold_plural(word: str) -> str:
    """A word without its plural: models, studies, losses, hypotheses, stimuli; what is no plural stays."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not word.endswith("s") or word.endswith(_NO_PLURAL):
        return word
    return next(plural.sub(singular, word) for plural, singular in _PLURALS if plural.search(word))


def fold_spelling(word: str) -> str:
    """A British word in its American spelling: -ise, -our, -lled, -re, -ence, -ogue and a few more."""
    for letters, british, american in _BRITISH:
        if letters in word:
            word = british.sub(american, word)
    return word


def fold_beginning(word: str) -> str:
    """A word's beginning in American spelling: `quantis` may go on as quantised, so it is `quantiz`."""
    for british, american in _PREFIX_ENDS:
        word = british.sub(american, word)
    return fold_spelling(word)
