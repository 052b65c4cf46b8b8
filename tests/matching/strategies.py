"""Papers and profiles that nobody would think of, for hypothesis."""

from datetime import date

from hypothesis import strategies as st

from digest.domain import Interest, Paper, Profile

DAY = date(2026, 6, 30)
WORDS = ["pre", "training", "pretraining", "Pre-training", "models", "model", "RAG", "rag", "rags", "is", "a", "isa"]
SEPARATORS = [" ", "-", ". ", ", ", " (", ")", "", "/", "\n"]
LONG = [
    "retrieval-augmented generation",
    "Retrieval Augmented Generation (RAG)",
    "RAGs",
    "RAG (retrieval augmented generation)",
]
texts = st.lists(
    st.sampled_from([*WORDS, *LONG, "quantised", "quantizer", "模", "型", "$^2$", "é", "R"])
    | st.sampled_from(SEPARATORS),
    max_size=14,
).map("".join)
papers = st.builds(
    Paper,
    id=st.just(""),
    title=texts,
    abstract=texts,
    announced=st.just(DAY),
    authors=st.lists(
        st.sampled_from(["Song Han", "S. Han", "Ada Han", "Song Kyu Han", "Song-Hee Han", "Song J. Han"]), max_size=2
    ).map(tuple),
    categories=st.lists(st.sampled_from(["cs.LG", "cs.CL", "math.CO"]), max_size=2).map(tuple),
    sources=st.sampled_from([(), ("arxiv",)]),
    upvotes=st.sampled_from([None, 0, 7]),
)
phrases = st.builds(
    lambda words, shape: shape.format(" ".join(words)),
    st.lists(st.sampled_from([*WORDS, "模型", "is-a", "retrieval", "augmented generation"]), min_size=1, max_size=3),
    st.sampled_from(["{}", '"{}"', "{}*", "{} quantiz*", "quantis*"]),
)
terms = st.builds(
    "".join, st.tuples(st.sampled_from(["", "", "title:", "abstract:"]), phrases, st.sampled_from(["", "^2"]))
)
others = st.sampled_from(["category:cs", "source:arxiv", "author:Song Han", "reinforcement learning (RL)"])
nears = st.builds("{} NEAR/{} {}".format, phrases, st.sampled_from([0, 1, 3]), phrases)
queries = st.recursive(
    terms | nears | others,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR", "AND NOT", "NOT"]), inner),
    max_leaves=5,
)
interests = st.builds(
    Interest,
    name=st.sampled_from(["One", "Two"]),
    keywords=st.lists(terms | queries, max_size=3).map(tuple),
    authors=st.sampled_from([(), (), ("Song Han",), ("S. Han",), ("Song Kyu Han",)]),
    exclude=st.lists(terms | queries, max_size=1).map(tuple),
    categories=st.lists(st.sampled_from(["cs.LG", "cs", "math.*"]), max_size=1).map(tuple),
    query=st.just("") | queries,
    weight=st.sampled_from([1.0, 0.5]),
)
profiles = st.builds(
    Profile, interests=st.lists(interests, max_size=3).map(tuple), min_score=st.sampled_from([0.0, 0.0, 1.0])
)
days = st.lists(papers, min_size=1, max_size=5).map(
    lambda day: [Paper(**{**{name: getattr(p, name) for name in p.__slots__}, "id": f"{n}"}) for n, p in enumerate(day)]
)
