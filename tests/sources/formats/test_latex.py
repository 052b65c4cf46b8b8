import gzip
import json
import re
import string
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from digest.sources.formats.latex import CHARACTERS_READ, read_latex

SECONDS_FOR_HOSTILE_TEXT = 1.0  # twenty milliseconds on a free machine


@pytest.mark.parametrize(
    ("written", "readable"),
    [
        (r"Andr\'e", "André"),
        (r"Erd\H{o}s", "Erdős"),
        (r"Erd\H os", "Erdős"),
        (r"M\"{u}ller", "Müller"),
        (r"{\'E}cole", "École"),
        (r"\L ukasz", "Łukasz"),
        (r"Pawe{\l} Wo\'zny", "Paweł Woźny"),
        (r"Fran\c{c}ois, Fran\c cois", "François, François"),
        (r"\v{S}tys, Kova\v c, \v Cech", "Štys, Kovač, Čech"),
        (r"S\o ren H{\aa}kan Stra\ss e \ae{}on", "Søren Håkan Straße æon"),
        (r"na{\"\i}ve, na\"{\i}ve, na\"\i ve", "naïve, naïve, naïve"),
        (r"Jevg\=enijs, \.Zak, Ortega-Cerd\`a, Se\~nor", "Jevgēnijs, Żak, Ortega-Cerdà, Señor"),
        (r"Ka{â}niche, O\'Neil, D\'Angelo", "Kaâniche, O'Neil, D'Angelo"),
    ],
)
def test_accents_become_letters(written: str, readable: str) -> None:
    assert read_latex(written) == readable


@pytest.mark.parametrize(
    ("written", "readable"),
    [
        (r"$\alpha$-stable", "α-stable"),
        ("S$^{2}$FT and I$^{2}$VC", "S²FT and I²VC"),
        (r"$L_2$ and \(\ell_1\) and $$x^2$$", "L₂ and ℓ₁ and x²"),
        ("$10^{-3}$ at 360$^\\circ$", "10⁻³ at 360°"),
        (r"$\mathcal{O}(n \log n)$ and $O(n\log n)$", "O(n log n) and O(n log n)"),
        (r"$\mathbb{R}^n$ and ${\mathbb R}^{12}$", "ℝⁿ and ℝ¹²"),
        (r"$\frac{a}{b}$, $\frac{a+b}{2n}$, $\tfrac12 x$", "a/b, (a+b)/(2n), 1/2 x"),
        (r"$2\frac{1}{2}$", "2 1/2"),
        (r"$\sqrt{s}=13$ TeV, $\sqrt{a+b}$, $\sqrt[3]{x}$", "√s=13 TeV, √(a+b), ³√x"),
        (r"$k\le 5$, $k \le 5$, $x\in X$, $3\times 4$, $\pm0.1$", "k≤5, k ≤ 5, x∈X, 3×4, ±0.1"),
        (r"$\sim$317s, 2000$\times$3000, $>$5", "~317s, 2000×3000, >5"),
        (r"$x \to \infty$, $a\cdot b$, $x\not\in Y$", "x → ∞, a·b, x∉Y"),
        ("$x_{ij}$, $x_{\\max}$, $t_{train}y$, PM$_{2.5}$", "xᵢⱼ, x_max, t_train y, PM₂.₅"),
        (r"$R^{H \times W}$ and $e^{-x/2}$", "R^(H × W) and e^(-x/2)"),
        (r"$\lambda_\text{phys}{=}0.1$", "λ_phys=0.1"),
        (r"$\hat{x}_i$, $\bar x$, $\overline{xy}$", "x̂ᵢ, x̄, xy"),
        (r"$\{0,1\}^n$, $\|h\|$, $\langle u \rangle$", "{0,1}ⁿ, ‖h‖, ⟨u⟩"),
        (r"$10{,}000\times$ and 3{,}050", "10,000× and 3,050"),
        (r"$\binom{n}{k}$ and $a\equiv b\pmod{q-1}$", "(n choose k) and a≡b (mod q-1)"),
        (r"$\operatorname{sign}(x)$, $\operatorname*{arg\,max}_x$", "sign(x), arg maxₓ"),
        (r"$\nabla f$, $\Delta x$, $p(x\mid y)$", "∇f, Δx, p(x | y)"),
        (r"\[ a = \left(\frac12\right)^2 \]", "a = (1/2)²"),
        (r"form \begin{equation*} a=b, \end{equation*} where", "form a=b, where"),
        (r"objective$\rule[0.2em]{1em}{0.4pt}$does", "objective does"),
        ("a $\\mystery{x}$ b", "a mysteryx b"),
        (r"10^{-6}, \lambda_{i}, \tau = 0.3, 0.77 \pm 0.01", "10⁻⁶, λᵢ, τ = 0.3, 0.77 ± 0.01"),
        (r"log_{10}, pi_{0.5}, Talk_{RT} in $\ell_2$", "log₁₀, pi₀.₅, Talk_RT in ℓ₂"),
    ],
)
def test_formulas_are_written_on_a_line(written: str, readable: str) -> None:
    assert " ".join(read_latex(written).split()) == readable


@pytest.mark.parametrize(
    ("written", "readable"),
    [
        (r"\textbf{x} \emph{y z} \texttt{a\_b} \textsc{Name}", "x y z a_b Name"),
        (r"\textbf{S}mall \textit{\textcolor{blue}{deep}} {\em so} {\bf 1)} end", "Small deep so 1) end"),
        (r"P\textsuperscript{2}-DPO and H\textsubscript{2}O", "P²-DPO and H₂O"),
        (r"52.6\% of R\&D, part \_A, C\#, US\$28", "52.6% of R&D, part _A, C#, US$28"),
        (r"code at \url{https://a.example/~me/c\_d\%20e}.", "code at https://a.example/~me/c_d%20e."),
        (r"\href{https://a.example/x}{https://a.example/x}", "https://a.example/x"),
        (r"\href{https://a.example/x}{here}.", "here (https://a.example/x)."),
        (r"as in~\cite{ada2024, bob}; see Section~\ref{sec:a}", "as in [ada2024, bob]; see Section [sec:a]"),
        (r"code\footnote{See \url{https://a.example}.} is", "code (See https://a.example.) is"),
        (r"cut\footnote{See https://a.example", "cut (See https://a.example"),
        (r"text\label{sec:a}.", "text."),
        (r"Fig.~3, Turn~2 and 5~dB of $x$ at 1~2\%, ~50\%", "Fig. 3, Turn 2 and 5 dB of x at 1~2%, ~50%"),
        (r"\eg, x; \ie y; \etc. Then", "e.g., x; i.e. y; etc. Then"),
        (r"360{\deg} and \c{opyright} 2025, \k{appa}_i", "360° and © 2025, κᵢ"),
        ("``quoted'' and ``quoted`` and ``quoted\"", '“quoted” and “quoted” and “quoted"'),
        (r"a line\\another \\ third", "a line another third"),
        (r"\begin{itemize} \item One. \item Two. \end{itemize}", "• One. • Two."),
        (r"5\,GB vs.\ 6\,GB, semi\-colon, Pass\^{}1, \>20 FPS", "5 GB vs. 6 GB, semicolon, Pass^1, >20 FPS"),
        (r"\num{3000} tiles of \qty{5}{km}", "3000 tiles of 5 km"),
        (r"\\textbf{escaped twice}", "escaped twice"),
        (r"\"Hello\" isn\'t here", '"Hello" isn\'t here'),
    ],
)
def test_commands_in_prose_leave_their_words(written: str, readable: str) -> None:
    assert " ".join(read_latex(written).split()) == readable


def test_commands_nobody_knows_keep_a_name_or_what_they_are_applied_to() -> None:
    assert (
        read_latex(r"\ourmethod{} improves, \ours is best, \model\ too")
        == "ourmethod improves, ours is best, model too"
    )
    assert read_latex(r"\blue{clinical reward} and \INT{8} and \gemini") == "clinical reward and INT8 and gemini"
    assert read_latex(r"\BigMethod{base} runs") == "BigMethod base runs"


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 and $10 per hour",
        "US$3 billion, $20k-$30k, $0.5/hr ($12/day)",
        "about $5-$10, then $500–$780, and ~$1.5M or <$0.01",
        "US$3 for 10^9 tokens of a_b, not US$5",
        "prices in R$ and US$, US$/kWh and US$/kg",
        "run $HOME/bin:$PATH and ${a}/${b}",
        r"the regex \d+\w*, [A-Z]\d{3} or \s finds it",
        r"in C:\new\table and \\server\share\nice",
        "about ~10, a URL https://a.example/~me, R~D",
        "10^9, F^2TTA, x_i, file_{i}, {snowy} and {1, 2}",
        "em -- dash --- and ''double'' it's `x'",
        r'the sequence "\n" and a \ alone',
        "$", "$$", "$$$", "$ $", "\\", "{", "}", "{{}", "a { b", "a } b",
    ],
)  # fmt: skip
def test_what_is_no_latex_stays_as_it_is(text: str) -> None:
    assert read_latex(text) == text


def test_money_and_formulas_live_in_one_sentence() -> None:
    assert read_latex("between $5 and $10, or $x$ and $y$") == "between $5 and $10, or x and y"
    assert read_latex(r"$5 for \textbf{ten} and $10 for $n^2$") == "$5 for ten and $10 for n²"


def test_a_line_break_that_was_escaped_is_a_blank_and_greek_is_greek() -> None:
    assert read_latex(r"text\nmore.\nNext\r\nlast") == "text more. Next last"
    assert read_latex(r"a \nu b and $\nabla$, $a\neq b$, $\notin$") == "a ν b and ∇, a≠b, ∉"
    assert read_latex(r"across \nSeeds seeds") == "across nSeeds seeds"


@pytest.mark.parametrize(
    "piece",
    [
        "\\", "{", "}", "$", "$a", "$a$", "^{", "\\textbf{", "\\a{b}", "{\\a", "{\\em ", "$\\frac{", "\\(", "\\[",
        "\\%", "\\begin{equation}", "C:\\a{", "\\\\server\\{", "``", "~a", "\\n", '\\"a', "\\hat", "\\a[", "\\href{",
        "$^", "$\\bf",
    ],
)  # fmt: skip
def test_a_hostile_text_costs_little_and_raises_nothing(piece: str) -> None:
    started = time.process_time()
    for text in (piece * (100_000 // len(piece)), piece * 600 + "$", "$" + piece * 200 + "$"):
        read_latex(text)
    assert time.process_time() - started < SECONDS_FOR_HOSTILE_TEXT


def test_a_formula_too_deep_or_too_long_stays_as_it_is() -> None:
    deep = "$" + "{" * 100 + "x" + "}" * 100 + "$"
    long = "$" + "x+" * 1_000 + "y$"
    assert read_latex(deep) == deep
    assert read_latex(long) == long


def test_latex_far_behind_in_a_text_stays_as_it_is() -> None:
    far = r"\alpha" + " word" * CHARACTERS_READ + r" \alpha"
    assert read_latex(far) == far.replace(r"\alpha", "α", 1)


_WORDS = st.text(string.ascii_letters + string.digits + ".,;:!?()-'\"%<>=/+*#@~&[]éß–²", max_size=9)
_PIECES = st.sampled_from(
    [
        r"\alpha", r"\textbf{Bold words}", r"$\frac{a+b}{c}$", "$x_{ij}^2$", r"$\{0,1\}^n$", "$5", "$1 million", "US$3",
        "$n$", "$p<0.05$", r"52\%", r"Andr\'e", r"Erd\H{o}s", r"\ours", r"\method{}", r"\cite{a,b}", "``quoted words''",
        r"\href{https://a.example/x}{here}", r"\url{https://a.example/~x_y}", r"$\mathbb{R}^d$", r"\emph{\textbf{x}}",
        r"{\em so}", r"\L ukasz", r"360{\deg}", r"\d+", r"C:\new\x", r"\footnote{A note.}", "Fig.~3", r"$\sim$5", "a_b",
        r"$\sqrt{s}=13$", "10^{-3}", "x_{max}", "{1, 2}", r"\eg,", r"\[ a = b \]", r"\(k\)", "10^9", r"$k\le 5$",
        r"\item", r"\footnote{cut", r"more.\nNew", r"\textsuperscript{2}", "3{,}000",
    ]
)  # fmt: skip


@given(st.lists(_WORDS | _PIECES, max_size=12).map(" ".join))
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    readable = read_latex(text)
    assert read_latex(readable) == readable


@given(st.text(st.characters(exclude_characters="\\${`")))
def test_a_text_without_a_sign_of_latex_stays_byte_for_byte(text: str) -> None:
    assert read_latex(text) == text


@given(st.text() | st.text("\\${}^_`'~\"abnLx123[]() \n") | st.lists(_PIECES, max_size=30).map("".join))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(read_latex(text), str)


def test_recorded_papers_keep_no_command_and_no_formula(recorded_data: Path) -> None:
    fields = [
        row[field] or ""
        for file in sorted((recorded_data / "arxiv_days").glob("*.jsonl.gz"))
        for row in map(json.loads, gzip.decompress(file.read_bytes()).splitlines())
        for field in ("title", "summary", "comment")
    ]
    assert len(fields) > 40_000
    left = [field for field in set(fields) if re.search(r"\\[A-Za-z]{2}|\$[^$]*[\\^_{][^$]*\$", read_latex(field))]
    assert len(left) <= 1  # one abstract quotes \boxed{ itself


def test_recorded_names_keep_no_command(recorded_data: Path) -> None:
    parser = etree.XMLParser(recover=True)
    tags = {"keyname", "forenames", "author", "authors", "name", "creator"}
    names = [
        element.text or ""
        for folder in ("arxiv_oai", "arxiv_api")
        for file in sorted((recorded_data / folder).glob("*.xml"))
        for element in etree.parse(file, parser).iter("{*}*")
        if etree.QName(element).localname in tags
    ]
    assert len(names) > 5_000
    assert sum("\\" in name for name in names) > 50
    assert [name for name in names if re.search(r"[\\{}$]", read_latex(name))] == []
