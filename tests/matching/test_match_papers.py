"""Which papers a profile brings, why, and in which order."""

import time
from datetime import date

import pytest

from digest.domain import Doubt, Interest, Match, Note, Paper, Profile
from digest.matching import Statistics, match_papers, rank_trending
from digest.matching.day import Day
from digest.matching.expressions import Term
from digest.matching.language import parse_keyword


def paper(title: str, abstract: str = "", number: int = 1, **more: object) -> Paper:
    return Paper(id=f"arxiv:2606.{number:05}", title=title, abstract=abstract, announced=date(2026, 6, 30), **more)  # type: ignore[arg-type]  # the fields vary


def matches(papers: list[Paper], *interests: Interest, min_score: float = 0.0) -> tuple[Match, ...]:
    (found,) = match_papers(papers, [Profile(interests=interests, min_score=min_score)])
    return found


def hits(keyword: str, title: str, abstract: str = "") -> bool:
    return bool(matches([paper(title, abstract)], Interest(keywords=(keyword,))))


def marked(match: Match) -> list[str]:
    """The passages that the reasons point at."""
    texts = {"title": match.paper.title, "abstract": match.paper.abstract}
    return [texts[reason.field][start:end] for reason in match.reasons for start, end in reason.spans]


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("NF-kB", "NF-κB in cells"),
        ("NFkB pathway", "The NF-kappaB pathway"),
        ("NF-κB", "NF-kB in cells"),
        ("NF-kappaB", "NFkB in cells"),
        ("TNF-a", "TNF-α blockers"),
        ("TNF alpha", "TNFa blockers"),
        ("il-1b", "IL-1β levels"),
        ("interferon gamma (IFN-g)", "IFNγ levels"),
        ("TNF-a (tumor necrosis factor alpha)", "TNFα"),
        ("TNF-α and NF-kB", "TNF-a and NF-kB"),
        ("NF‑κB", "NF-kB in cells"),  # with a hyphen that breaks no line
        ("IL-1ϐ", "IL-1b levels"),  # a β with a curl, which lower case leaves one
    ],
)
def test_names_of_biology_may_have_a_latin_letter_for_their_greek_one(keyword: str, title: str) -> None:
    (found,) = matches([paper(title)], Interest(keywords=(keyword,)))
    profiles = [Profile((Interest(keywords=(text,)),)) for text in (keyword, marked(found)[0])]
    (by_other,), (as_written,) = match_papers([paper(title)], profiles, statistics=Statistics(papers=2000))
    assert by_other.score == as_written.score  # it is no lesser form


def test_a_name_of_biology_counts_once_however_often_it_is_written() -> None:
    profiles = [
        Profile((Interest(keywords=keywords),))
        for keywords in [("NF-kB",), ("NF-kB", "NF-κB", "NFkB", "title:NF-kappaB")]
    ]
    (once,), (often,) = match_papers([paper("NF-kB in cells")], profiles, statistics=Statistics(papers=2000))
    assert once.score == often.score


def test_another_writing_takes_nothing_from_a_keyword() -> None:
    words = "in each of the old cells of mice we saw"
    assert hits(f"{words} much NFkB", f"{words} much NFkB")  # twelve words; with NF-κB it were one more
    assert hits("TNF-α inhib*", "TNFa inhibitors")
    assert not hits("TNF-α*", "TNFAIP3 in cells")
    assert hits("model quantis* (MQ)", "Model quantization")


def test_an_article_is_no_letter_of_a_name() -> None:
    assert not hits("TNF-α", "Of TNF a little")
    assert not hits("TNF-a", "Of TNF a little")
    assert hits("TNF-a", "TNF-a and TNFa")
    assert not hits('"NF-kB"', "NF-κB in cells")


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("structured pruning", "Structured Pruning of Nets"),
        ("language model", "Large Language Models"),
        ("language models", "A Language Model"),
        ("pre-training", "Pretraining"),
        ("pre-training", "Pre training"),
        ("pre training", "Pre-Training"),
        ("pre training", "Pretraining"),
        ("pretraining", "Pre-training"),
        ("data sets", "A new dataset"),
        ("RAG", "RAG and beyond"),
        ("RAG", "Two RAGs"),
        ("LLMs", "An LLM"),
        ("llm", "An LLM"),
        ("lora", "LoRA"),
        ("LORA", "LoRA"),
        ("DEEP LEARNING", "Deep learning"),
        ("C++", "Generating C++ code"),
        ("R", "Statistics in R and C/C++"),
        ("3D", "3-D scenes"),
        ("3-D", "3D scenes"),
        ("N:M sparsity", "N:M Sparsity at last"),
        ("I2VC", "I$^{2}$VC: a codec"),
        ("quantiz*", "Quantized nets"),
        ("quantiz*", "Quantisation of nets"),
        ("pretrain*", "Pre-trained nets"),
        ("post training quantiz*", "Post-training Quantization"),
        ("supervis*", "Supervised nets"),
        ("noise*", "Noisey and noise"),
        ("colour", "Color spaces"),
        ("Schrodinger", "A Schrödinger bridge"),
        ("alpha divergence", "An $\\alpha$-divergence"),
        ("大模型", "关于大模型的研究"),
        ('"language models"', "Language-Models"),
        ("Bayes' rule", "Bayes rule"),
        ("attention mechanism", "The “attention” mechanism"),
        ("API", "LLM APIs"),
        ("quantis*", "Quantization"),
        ("organis*", "An organization"),
        ("tumour*", "Tumors"),
        ("hypothesis*", "A hypothesis"),
        ("DEEP RL", "Deep RL"),
        ("LLM AGENTS", "LLM agents"),
        ("COVID-19", "Covid-19"),
        ('"Search AND Rescue"', "Search and rescue"),
        ("大模型*", "大模型研究"),
        ("大模型", "关于大模\n型的研究"),
        ("CT图像", "CT 图像分割"),
        ("CT 图像", "CT图像分割"),
        ("基于LLM的方法", "基于 LLM 的方法"),
        ("oesophag*", "The esophagus"),
        ("manoeuvr*", "Maneuvers in space"),
        ("Erdős", "Erd\\H{o}s graphs"),
        ("L1 norm", "An $\\ell_1$ norm"),
        ("i.i.d. data", "IID data"),
        ("non-IID data", "On non-i.i.d. data"),
        ("human vs machine", "Human vs. machine"),
    ],
)
def test_a_keyword_matches_its_usual_variants(keyword: str, title: str) -> None:
    assert hits(keyword, title)


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("rag", "Storage and fragments"),
        ("RAG", "A rag doll"),
        ("RAG", "Rag"),
        ("CLIP", "Video clips"),
        ("C", "C++ and C# but not c"),
        ("R", "R-CNN"),
        ("isa", "This is a paper"),
        ("pretraining", "Pre training"),
        ("언어모델", "언어 모델"),
        ("inaccuracy", "Gains in accuracy"),
        ("large language", "Large, language-free"),
        ("language models", "Models of language"),
        ('"language models"', "A language model"),
        ('"quantized"', "Quantised"),
        ("quantiz*", "Quantum"),
        ("object", "Objective"),
        ("GPS", "GPs and GP"),
        ("DEEP RL", "A deep rl net"),
        ("A* search", "A search"),
        ("EG", "Plants, e.g. trees"),
        ("end start", "The end.Start again"),
    ],
)
def test_a_keyword_does_not_match_what_only_looks_alike(keyword: str, title: str) -> None:
    assert not hits(keyword, title)


HOSTILE = {
    "an acronym over and over": "retrieval augmented generation (RAG) " + "RAG " * 5000,
    "a long form over and over": "(RAG) retrieval augmented generation " * 500,
    "ever new acronyms": " ".join(f"xa ya za ({chr(65 + n % 26)}{chr(65 + n // 26 % 26)}Q{n})" for n in range(1500)),
    "ever new definitions": " ".join(
        f"{a}ab {b}ab {c}ab ({a}{b}{c})".replace("ab", "n")
        for a in "ABCDEFGHIJ"
        for b in "ABCDEFGHIJ"
        for c in "ABCDEFGHIJ"
    ),
    "brackets": "(" * 20_000,
    "capitals": "A" * 20_000,
}


@pytest.mark.parametrize("abstract", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_abstract_is_read_in_no_time(abstract: str) -> None:
    term = parse_keyword("augmented generation of words")
    assert isinstance(term, Term)
    started = time.process_time()
    Day([paper("A title", abstract[:20_000])], {term.meaning: term}, Statistics()).hits(term)
    assert time.process_time() - started < 0.4


def test_no_phrase_crosses_from_title_to_abstract() -> None:
    assert not hits("state space", "On the state", "Space is large")


@pytest.mark.parametrize(("keyword", "is_hit"), [("title:mamba", False), ("abstract:mamba", True), ("mamba", True)])
def test_a_field_says_where_a_term_must_stand(keyword: str, *, is_hit: bool) -> None:
    assert hits(keyword, "A title", "mamba") is is_hit


def test_reasons_name_the_keyword_as_written_and_point_at_the_original_text() -> None:
    (found,) = matches([paper("I$^{2}$VC", "The I²VC. An i2vc")], Interest(name="Codecs", keywords=("i2vc^2",)))
    assert found.interest == "Codecs"
    assert [(reason.keyword, reason.field) for reason in found.reasons] == [("i2vc^2", "title"), ("i2vc^2", "abstract")]
    assert marked(found) == ["I$^{2}$VC", "I²VC", "i2vc"]


def test_what_an_acronym_means_in_other_papers_says_nothing_of_this_one() -> None:
    papers = [paper("T", "Retrieval-augmented generation (RAG)", number=n) for n in range(5)] + [paper("RAG", number=9)]
    for keyword, count in (
        ("retrieval augmented generation", 5),
        ("RAG", 6),
        ("retrieval augmented generation (RAG)", 6),
    ):
        assert len(matches(papers, Interest(keywords=(keyword,)))) == count


def test_a_long_form_begins_with_a_word_that_tells() -> None:
    abstract = "We propose a method for training agents (ATT), and in-context learning (ICL)."
    assert not hits("ATT", "T", abstract.replace("(ATT)", "(Att)"))
    (found,) = matches([paper("ATT", abstract)], Interest(keywords=("a method for training agents",)))
    assert {reason.field for reason in found.reasons} == {"abstract"}
    assert hits("in-context learning", "ICL", abstract)


def test_hits_of_one_keyword_never_overlap() -> None:
    (found,) = matches([paper("Model model model")], Interest(keywords=("model model",)))
    assert marked(found) == ["Model model"]


def test_keywords_authors_and_query_are_alternatives() -> None:
    papers = [
        paper("Mamba", number=1),
        paper("A", authors=("Song Han",), number=2),
        paper("State space model", number=3),
        paper("Nothing", number=4),
    ]
    interest = Interest(keywords=("mamba",), authors=("Song Han",), query="state space AND model")
    assert {found.paper.id[-1] for found in matches(papers, interest)} == {"1", "2", "3"}


def test_a_query_joins_and_leaves_out() -> None:
    papers = [paper("Mamba", number=1), paper("Mamba: a survey", number=2), paper("State space model", number=3)]
    found = matches(papers, Interest(query='("state space model" OR mamba) AND NOT survey'))
    assert {match.paper.id[-1] for match in found} == {"1", "3"}


def test_an_exclusion_beats_everything_in_its_interest_and_only_there() -> None:
    papers = [paper("Pruning for medical imaging", categories=("cs.LG",), authors=("Song Han",))]
    one = Interest(
        name="One", keywords=("pruning",), authors=("Song Han",), query="pruning", exclude=("medical imaging",)
    )
    assert matches(papers, one) == ()
    assert [match.interest for match in matches(papers, one, Interest(name="Two", keywords=("pruning",)))] == ["Two"]


@pytest.mark.parametrize(
    ("category", "is_hit"), [("cs.LG", True), ("cs.lg", True), ("cs", True), ("cs.*", True), ("cs.L", False)]
)
def test_a_category_filter_takes_a_category_or_a_whole_archive(category: str, *, is_hit: bool) -> None:
    papers = [paper("Mamba", categories=("cs.LG",))]
    assert bool(matches(papers, Interest(keywords=("mamba",), categories=(category,)))) is is_hit


def test_categories_alone_take_all_of_their_papers() -> None:
    papers = [paper("A", categories=("cs.LG",), number=1), paper("B", categories=("math.CO",), number=2)]
    (found,) = matches(papers, Interest(categories=("math.CO", "stat.ML")))
    assert (found.paper.id[-1], found.reasons[0].keyword, found.reasons[0].field) == ("2", "math.CO", "category")
    assert found.score > 0


def test_a_paper_of_unknown_categories_passes_a_filter_and_the_note_says_so() -> None:
    (found,) = matches([paper("Mamba")], Interest(keywords=("mamba",), categories=("cs.LG", "cs.CV")))
    assert found.notes == (Note(Doubt.CATEGORIES, "cs.LG, cs.CV"),)


def test_a_filter_that_cannot_be_checked_does_not_choose_alone() -> None:
    assert matches([paper("Mamba")], Interest(categories=("cs.LG",))) == ()


def test_an_unreadable_keyword_does_not_turn_its_filter_into_a_wish_for_everything() -> None:
    papers = [paper("Mamba", categories=("cs.LG",))]
    assert matches(papers, Interest(keywords=("qu*",), categories=("cs.LG",))) == ()
    assert matches(papers, Interest(query="(mamba", categories=("cs.LG",))) == ()


def test_an_author_by_full_name_counts_more_than_by_initials_and_the_note_tells() -> None:
    papers = [paper("A", authors=("S. Han",), number=1), paper("B", authors=("Han, Song", "S. Han"), number=2)]
    certain, maybe = matches(papers, Interest(authors=("Song Han",)))
    assert (certain.paper.id[-1], certain.notes) == ("2", ())
    assert (maybe.paper.id[-1], maybe.notes) == ("1", (Note(Doubt.INITIALS, "S. Han"),))
    assert [(reason.keyword, reason.field) for reason in maybe.reasons] == [("Song Han", "author")]


def test_a_name_that_may_be_anothers_never_excludes_a_paper() -> None:
    papers = [
        paper("Mamba", authors=("S. Han", "Song Kyu Han", "Song-Hee Han"), number=1),
        paper("Mamba", authors=("Song Han",), number=2),
    ]
    by_exclusion = matches(papers, Interest(keywords=("mamba",), exclude=("author:Song Han",)))
    by_query = matches(papers, Interest(query="mamba AND NOT author:Song Han"))
    assert [match.paper.id[-1] for match in by_exclusion] == [match.paper.id[-1] for match in by_query] == ["1"]


def test_a_source_can_be_asked_for() -> None:
    papers = [paper("Mamba", sources=("arxiv",), number=1), paper("Mamba", sources=("files",), number=2)]
    (found,) = matches(papers, Interest(query="mamba AND source:files"))
    assert found.paper.id[-1] == "2"


def test_the_title_counts_more_than_the_abstract() -> None:
    papers = [paper("A", "mamba", number=1), paper("Mamba", "x", number=2), paper("B", number=3)]
    assert [match.paper.id[-1] for match in matches(papers, Interest(keywords=("mamba",)))] == ["2", "1"]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    papers = [paper("Vision", number=1), paper("Vision", number=2), paper("Mamba", number=3), paper("B", number=4)]
    found = matches(papers, Interest(keywords=("mamba", "vision")))
    assert [match.paper.id[-1] for match in found] == ["3", "1", "2"]


def test_more_hits_count_more_but_less_and_less() -> None:
    papers = [paper("T", "mamba " * count, number=count) for count in (1, 2, 3)] + [paper("T", number=9)]
    three, two, one = (match.score for match in matches(papers, Interest(keywords=("mamba",))))
    assert three > two > one
    assert three - two < two - one


def test_weights_of_term_and_interest_multiply_the_score() -> None:
    papers = [paper("Mamba"), paper("Other", number=2)]
    (plain,) = matches(papers, Interest(keywords=("mamba",)))
    (weighted,) = matches(papers, Interest(keywords=("mamba^2",), weight=1.5))
    assert weighted.score == pytest.approx(3 * plain.score, rel=1e-3)


def test_one_meaning_written_twice_counts_once() -> None:
    papers = [paper("Open-vocabulary segmentation")]
    (once,) = matches(papers, Interest(keywords=("open vocabulary",)))
    (twice,) = matches(papers, Interest(keywords=("open vocabulary", "Open-Vocabulary"), query="open vocabulary"))
    assert twice == once


@pytest.mark.parametrize(
    "keywords",
    [
        ("pretraining", "pre-training"),
        ("RAG", "rag"),
        ("mamba", '"mamba"', "mamba*", "title:mamba"),
        ("language models", "language model"),
    ],
)
def test_writings_of_one_thing_count_once_by_the_best(keywords: tuple[str, ...]) -> None:
    papers = [paper("Pretraining mamba with RAG: language models"), paper("Other", "words", number=2)]
    scores = [found.score for word in keywords for found in matches(papers, Interest(keywords=(word,)))]
    (together,) = matches(papers, Interest(keywords=keywords))
    assert together.score == pytest.approx(max(scores), abs=2e-4)


def test_of_a_keywords_weight_and_the_querys_the_greater_counts() -> None:
    papers = [paper("Mamba for vision"), paper("Other", number=2)]
    query = "(mamba AND vision)^5"
    (alone,) = matches(papers, Interest(query=query))
    (together,) = matches(papers, Interest(keywords=("mamba",), query=query))
    assert together.score == pytest.approx(alone.score, abs=2e-4)


def test_what_is_as_the_reader_wrote_it_comes_before_its_variants() -> None:
    papers = [paper("Language models", number=1), paper("A language model", number=2)]
    for keyword, order in (("language models", ["1", "2"]), ("language model", ["2", "1"])):
        assert [match.paper.id[-1] for match in matches(papers, Interest(keywords=(keyword,)))] == order


def test_a_word_that_leads_to_a_theme_takes_nothing_from_it() -> None:
    papers = [paper("Understanding mamba"), paper("Mamba: a model", number=2), paper("Vision mamba", number=3)]
    leading, alone, inside = matches(papers, Interest(keywords=("mamba",)))
    assert (leading.score, inside.paper.id[-1]) == (alone.score, "3")
    assert inside.score < alone.score


def test_a_paper_appears_once_under_the_interest_where_it_scores_best() -> None:
    papers = [paper("Mamba for vision"), paper("Vision", number=2), paper("Other", number=3)]
    found = matches(papers, Interest(name="Vision", keywords=("vision",)), Interest(name="Mamba", keywords=("mamba",)))
    assert [(match.paper.id[-1], match.interest) for match in found] == [("1", "Mamba"), ("2", "Vision")]


def test_of_two_equal_interests_the_earlier_one_gets_the_paper() -> None:
    interests = [Interest(name=name, keywords=("mamba",)) for name in ("First", "Second")]
    assert [match.interest for match in matches([paper("Mamba")], *interests)] == ["First"]


def test_equal_scores_keep_the_order_in_which_the_papers_came() -> None:
    papers = [paper("Mamba", number=number) for number in (3, 1, 2)]
    assert [match.paper.id[-1] for match in matches(papers, Interest(keywords=("mamba",)))] == ["3", "1", "2"]


def test_papers_below_the_least_score_are_left_out() -> None:
    papers = [paper("Mamba"), paper("Other", "mamba", number=2), paper("Third", number=3)]
    best, _ = matches(papers, Interest(keywords=("mamba",)))
    assert matches(papers, Interest(keywords=("mamba",)), min_score=best.score) == (best,)


def test_max_papers_is_left_to_the_caller() -> None:
    papers = [paper("Mamba", number=number) for number in range(20)]
    (found,) = match_papers(papers, [Profile((Interest(keywords=("mamba",)),), max_papers=2)])
    assert len(found) == 20


def test_without_interests_or_papers_there_is_nothing() -> None:
    assert match_papers([paper("Mamba")], [Profile(), Profile((Interest(),))]) == [(), ()]
    assert match_papers([], [Profile((Interest(keywords=("mamba",), categories=("cs",)),))]) == [()]
    assert match_papers([paper("Mamba")], []) == []


def test_trending_ranks_by_upvotes_and_leaves_the_others_in_their_order() -> None:
    listed = [(9, None), (1, 5), (4, 7), (3, 7), (8, None), (2, 0)]
    papers = [paper("T", number=n, upvotes=upvotes, is_listed=True, picked_by="AK") for n, upvotes in listed]
    papers.append(paper("Not listed", number=7, upvotes=99))
    ranked = rank_trending(papers, limit=10)
    assert [match.paper.id[-1] for match in ranked] == ["4", "3", "1", "2", "9", "8"]
    assert {match.interest for match in ranked} == {"Trending"}
    assert [match.score for match in ranked] == [7.0, 7.0, 5.0, 0.0, 0.0, 0.0]
    assert [(reason.keyword, reason.field) for reason in ranked[0].reasons] == [("AK", "upvotes")]


def test_trending_obeys_its_limit_and_what_was_shown_already() -> None:
    papers = [paper("T", number=n, upvotes=n, is_listed=True) for n in range(1, 6)]
    assert [m.paper.id[-1] for m in rank_trending(papers, limit=2, without={papers[4].id})] == ["4", "3"]
    assert rank_trending(papers, limit=0) == ()
