"""Fails when text uses a forbidden phrase, or when Markdown has two sentences on one line.

Text is every page, docstring, comment and message.
"""

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
MARKDOWN = ("*.md", "docs/**/*.md", "sdk/*.md", "sdk/docs/*.md", "bench/*.md", "deploy/*.md", "examples/**/*.md")
PYTHON = ("server/src", "sdk/src", "tools", "chaos", "bench", "examples")

# A pattern, and what to write instead.
FORBIDDEN = {
    r"\bunless (?:it is |they are )?told\b": 'write "by default"',
    r"\b(?:tells?|told|telling)\b": "write notify, report, log or show",
    r"\b(?:hears?|heard)\b": "write receive or learn",
    r"\bmend(?:s|ed|ing)?\b": "write fix",
    r"\banew\b": "write again",
    r"\b(?:is|are|was|were) (?-i:none)\b": 'write "does not exist"',
    r"\b(?:stand|stands|stood) in (?!for)": 'write "is in"',
    r"\bkeep(?:s|ing)? house\b": 'write "runs maintenance"',
    r"\b(?:lay|lays|laid|laying) (?:it |them )?down\b": "write release",
    r"\b(?:hold|holds|held|holding) up\b": "write delay or block",
    r"\bput(?:s|ting)? (?:off|aside)\b": "write defer or park",
    r"\bwhoever\b": "name the subject",
    r"\b(?:keeps|close|keep) the books\b": "write ledger or balance",
    r"\b(?:is|are) well\b": "write succeeds",
    r"\b(?:say|says|said) (?:no|yes)\b": "name the answer, such as 503",
    r"\b(?:goes|go|went|going|gone) on\b": "write continue",
    r"\b(?:is|are|was|were|be) away\b": "write is down or unavailable",
    r"\bcomes? to rest\b": "write settles or becomes idle",
    r"\bin turns\b": "write interleaved, alternately or round-robin",
    r"\b(?:becomes?|became) of\b": 'write "what happened to", or name it',
    r"\basked again\b": "write retried",
    r"\bplays? for real\b": 'write "behaves like a real one"',
    r"\bthat never was\b": "write unknown",
    r"\b(?:a|the|this|bad|good) crowd\b": "write a large batch",
    r"\bpatience\b": "write timeout",
    r"\bunder way\b": "write in progress",
    r"\bonly just\b": "write recently",
    r"\bgives? itself out\b": "write claims to be",
    r"\bgood manners\b": "write best practices",
}  # fmt: skip
PHRASES = [(re.compile(pattern, re.IGNORECASE), advice) for pattern, advice in FORBIDDEN.items()]

STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}  # the second since Python 3.12
QUOTED = re.compile(r"``.*?``|`[^`]*`|\"[^\"]*\"")
LINK_TARGET = re.compile(r"\]\([^)]*\)")
MARKER = re.compile(r"^\s*(?:>\s*)*(?:[-*+]|\d+\.)\s+")
BLOCK_START = re.compile(r"^\s*(?:#|\||<!--|!\[|---|>|(?:[-*+]|\d+\.)\s)")
NO_PROSE = re.compile(r"^\s*(?:#|!\[|\||<!--|---|\[[^\]]*\]:)")
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|No|Fig)\.\s", re.IGNORECASE)
TWO_SENTENCES = re.compile(r"[.!?][)*_]*\s+(?=[\[(*_`\"A-Z0-9])")
END = re.compile(r"(?:[.!?:][)*_`\"]*|\\)$")
CLAUSE = re.compile(r"^(?:What|Whatever|Who|Whoever)\b[^?]*[.;]$")


def phrases(text: str) -> Iterator[str]:
    for pattern, advice in PHRASES:
        for found in pattern.finditer(text):
            yield f"{found[0]!r}: {advice}"


def python_faults(source: str) -> Iterator[tuple[int, str]]:
    """Comments, and strings with a space: docstrings and messages. Names and keys are code."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type in STRINGS and " " in token.string):
            for offset, line in enumerate(token.string.split("\n")):
                yield from ((token.start[0] + offset, fault) for fault in phrases(QUOTED.sub("", without_quotes(line))))


def without_quotes(line: str) -> str:
    """Without the quotes of the string itself, which would hide its text, and without the values of an f-string."""
    if re.match(r"^\s*[rR]?[fF]", line):
        line = re.sub(r"\{[^{}]*\}", "", line)
    return re.sub(r'^\s*[rbfRBF]*("""|"|\'\'\'|\')|("""|"|\'\'\'|\')$', "", line)


def prose(source: str) -> Iterator[tuple[int, str]]:
    """The lines of Markdown outside of code; a line of code is empty here, so that numbers stay right."""
    fence = ""
    for number, line in enumerate(source.splitlines(), 1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            yield number, ""
        else:
            yield number, "" if fence else LINK_TARGET.sub("]", QUOTED.sub("`x`", line)).rstrip()


def markdown_faults(source: str) -> Iterator[tuple[int, str]]:
    is_changelog = source.startswith("# Changelog")  # entries merge line by line, so an entry may be one line
    lines = [*prose(source), (0, "")]
    for (number, line), (_, following) in pairwise(lines):
        yield from ((number, fault) for fault in phrases(line))
        if not line or NO_PROSE.match(line):
            continue
        text = MARKER.sub("", line).strip()
        if not is_changelog and TWO_SENTENCES.search(ABBREVIATION.sub("", text)):
            yield number, "two sentences: put each on a line of its own"
        if following and not BLOCK_START.match(following) and not END.search(text):
            yield number, "a sentence is broken over two lines: join them"
        if CLAUSE.match(text):
            yield number, 'a clause as subject: begin with a noun, a verb or "you"'
        if text.count(";") > 1:
            yield number, "several semicolons: write sentences"


def main() -> int:
    faults = 0
    pages = [path for pattern in MARKDOWN for path in ROOT.glob(pattern)]
    modules = [path for folder in PYTHON for path in (ROOT / folder).rglob("*.py")]
    for path in sorted({*pages, *modules}):
        name = path.relative_to(ROOT).as_posix()
        if path == Path(__file__):
            continue
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".py" and "Generated by" in source[:200]:
            continue
        for number, fault in (markdown_faults if path.suffix == ".md" else python_faults)(source):
            print(f"{name}:{number}: {fault}")
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
