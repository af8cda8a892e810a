"""TEST: questions people ask, in several languages and with several habits, find the chunk that answers."""

from dataclasses import replace
from threading import Thread

import pytest
from sqlalchemy import text

from ingest.catalog.claims import claim, register_worker
from ingest.catalog.database import Database
from ingest.errors import DatabaseError
from ingest.knowledge import postgres
from ingest.knowledge.base import KnowledgeBase, Query
from ingest.knowledge.postgres import PostgresKnowledge
from ingest.publish import Publication, publish
from tests.integration.catalog.builders import begin, chunk, identity, rows, stored

CORPUS = {
    "pumps.pdf": "Replace the seals before running the centrifugal pumps. Error ERR-1042 means the bearing is worn.",
    "valves.pdf": "The pump room has three valves; close valve_main_2 first. Call ops@example.org.",
    "versions.md": "Version v1.2.3 of the driver needs kernel 5.10 and writes to /var/log/driver.log.",
    "manual.de.md": "Die Straße zur Müllverbrennung ist gesperrt. Ersatzschlüssel beim Pförtner.",
    "manual.fr.md": "L'été, l'eau de la chaudière doit être vidangée à Besançon.",
    "manual.ru.md": "Замените фильтр насоса. Ёлочный йод хранить отдельно.",
    "manual.ja.md": "東京都庁の会議室を予約してください。パスワードを再設定する。",
    "manual.zh.md": "请重置您的密码，然后联系系统管理员。",
    "manual.ko.md": "학교에서 비밀번호를 변경합니다.",
    "manual.th.md": "กรุณาเปลี่ยนรหัสผ่านของคุณ",
    "manual.hi.md": "कृपया अपना पासवर्ड बदलें।",
    "manual.ar.md": "يُرجى تغيير كلمة المرور.",
    "manual.el.md": "Αλλάξτε τον κωδικό πρόσβασης.",
    "quotes.txt": "It's 100% \\ done: 'quoted' \"double\" & | ! ( ) :* <-> percent %s :name",
}


@pytest.fixture
def filled(db: Database, knowledge: PostgresKnowledge) -> KnowledgeBase:
    """One chunk a document, of the corpus above."""
    _fill(db, knowledge, CORPUS)
    return knowledge


def _fill(db: Database, knowledge: PostgresKnowledge, corpus: dict[str, str], uri: str = "file:///uploads/") -> int:
    source, run = begin(db, *(stored(key) for key in corpus), uri=uri)
    with register_worker(db, run) as worker:
        for claimed in claim(db, worker, source, run, len(corpus), 600):
            words = corpus[claimed.key]
            metadata = {"title": f"Title of {claimed.key}", "media_type": "text/plain"}
            chunks = (chunk(0, words, heading=(), page=7),)
            publish(db, knowledge, Publication(claimed, identity(words), "text/plain", metadata, chunks))
    return source


def _keys(knowledge: KnowledgeBase, asked: str) -> list[str]:
    return [hit.key for hit in knowledge.search(Query(asked))]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("pump", ["pumps.pdf", "valves.pdf"]),  # stems
        ("replacing seal", ["pumps.pdf"]),
        ("PUMPS", ["pumps.pdf", "valves.pdf"]),
        ("ERR-1042", ["pumps.pdf"]),
        ("err1042", ["pumps.pdf"]),
        ("1042", ["pumps.pdf"]),
        ("ERR 1042", ["pumps.pdf"]),
        ("valve_main_2", ["valves.pdf"]),
        ("ops@example.org", ["valves.pdf"]),
        ("example.org", ["valves.pdf"]),
        ("v1.2.3", ["versions.md"]),
        ("5.10", ["versions.md"]),
        ("/var/log/driver.log", ["versions.md"]),
        ('"pump room"', ["valves.pdf"]),
        ('"room pump"', []),
        ("pump -room", ["pumps.pdf"]),
        ("bearing OR kernel", ["pumps.pdf", "versions.md"]),
        ("strasse", ["manual.de.md"]),
        ("Straße", ["manual.de.md"]),
        ("mullverbrennung", ["manual.de.md"]),
        ("ete besancon", ["manual.fr.md"]),
        ("eau", ["manual.fr.md"]),
        ("елочный", ["manual.ru.md"]),
        ("ФИЛЬТР", ["manual.ru.md"]),
        ("東京都", ["manual.ja.md"]),
        ("京都", ["manual.ja.md"]),  # a pair within; pairs know no words
        ("会議室", ["manual.ja.md"]),
        ("ﾊﾟｽﾜｰﾄﾞ", ["manual.ja.md"]),
        ("室", ["manual.ja.md"]),
        ("码", ["manual.zh.md"]),
        ("密码", ["manual.zh.md"]),
        ("如何重置密码", ["manual.zh.md"]),  # a sentence: no chunk has all of it
        ("비밀번호", ["manual.ko.md"]),
        ("학교", ["manual.ko.md"]),
        ("รหัสผ่าน", ["manual.th.md"]),
        ("पासवर्ड", ["manual.hi.md"]),
        ("المرور", ["manual.ar.md"]),
        ("يرجى", ["manual.ar.md"]),
        ("κωδικό", ["manual.el.md"]),
        ("ΚΩΔΙΚΟ", ["manual.el.md"]),
        ("how do I replace the seals of a pump?", ["pumps.pdf", "valves.pdf"]),  # the second has some of it
        ("why is the room for pumps worn out?", ["pumps.pdf", "valves.pdf"]),  # no chunk has all of it
        ("nothing of this kind anywhere: xylophone", []),
        ("the", ["pumps.pdf", "valves.pdf", "versions.md"]),
        ("", []),
        ("   ", []),
        ("-pump", []),
        ("!!! & | ()", []),
    ],
)
def test_a_question_finds_its_documents(filled: KnowledgeBase, question: str, found: list[str]) -> None:
    assert sorted(_keys(filled, question)) == sorted(found)


@pytest.mark.parametrize(
    "question",
    ["'", '"', "\\", "a' | 'b", "'; DROP TABLE chunks; --", ":name %s %(x)s {0}", "a:*", "<->", "\0", "a\0b", "\ud800",
     "pump " * 500, "(" * 900, '"' * 901, "-" * 50, "OR OR OR", "x" * 5000, "- -- ---pump"],
)  # fmt: skip
def test_nothing_in_a_question_is_an_error(filled: KnowledgeBase, question: str) -> None:
    filled.search(Query(question))
    assert _keys(filled, "bearing") == ["pumps.pdf"]


def test_special_characters_in_a_text_are_only_text(filled: KnowledgeBase) -> None:
    (hit,) = filled.search(Query("quoted double percent name"))
    assert hit.text == CORPUS["quotes.txt"]


def test_a_hit_tells_where_it_stands(filled: KnowledgeBase) -> None:
    (hit,) = filled.search(Query("bearing worn"))
    assert (hit.source_uri, hit.key, hit.title) == ("file:///uploads/", "pumps.pdf", "Title of pumps.pdf")
    assert (hit.page_numbers, hit.heading_path, hit.text) == ((7,), (), CORPUS["pumps.pdf"])
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["bearing", "worn"]
    assert 0 < hit.score < 1
    assert hit.as_json()["page_numbers"] == [7]


def test_stems_are_marked_in_the_snippet(filled: KnowledgeBase) -> None:
    (hit,) = filled.search(Query("replacing seal run"))
    assert [hit.snippet[start:end] for start, end in hit.marks] == ["Replace", "seals", "running"]


def test_what_meets_more_of_a_question_comes_first(db: Database, knowledge: PostgresKnowledge) -> None:
    _fill(db, knowledge, {"one": "alpha " * 50, "two": "alpha and beta", "three": "alpha, beta and gamma"})
    hits = knowledge.search(Query("alpha beta gamma delta"))
    assert [hit.key for hit in hits] == ["three", "two", "one"]
    assert hits[0].score > hits[1].score > hits[2].score


def test_what_stands_beside_a_chunk_counts_a_half(db: Database, knowledge: PostgresKnowledge) -> None:
    """A question takes its words from both sides of a heading; one chunk with nearly all of them is still better."""
    parts = {
        "a decoy": ("glove sensor buttons", "unrelated", "calibrate hold wait"),
        "b own": ("glove sensor calibrate hold buttons",),
        "c both sides": ("glove sensor calibrate", "hold buttons wait"),
    }
    source, run = begin(db, *(stored(key) for key in parts))
    with register_worker(db, run) as worker:
        for claimed in claim(db, worker, source, run, len(parts), 600):
            chunks = tuple(chunk(place, words) for place, words in enumerate(parts[claimed.key]))
            publish(db, knowledge, Publication(claimed, identity(claimed.key), "", {}, chunks))
    hits = knowledge.search(Query("glove sensor calibrate hold buttons wait"))
    assert [hit.key for hit in hits[:3]] == ["b own", "c both sides", "c both sides"]
    assert {hit.key for hit in hits[3:]} == {"a decoy"}


def test_words_that_nearly_everything_has_are_counted_and_not_looked_for(
    db: Database, knowledge: PostgresKnowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(db, knowledge, {f"{n:02}": "glove" for n in range(40)} | {"both": "glove and zebra", "one": "zebra"})
    with db.begin() as connection:
        connection.execute(text("ANALYZE chunks"))
    monkeypatch.setattr(postgres, "_COMMON_CHUNKS", 10)
    assert _keys(knowledge, "glove zebra unicorn") == ["both", "one"]
    assert _keys(knowledge, "glove unicorn") == [f"{n:02}" for n in range(10)], "better than nothing"
    monkeypatch.setattr(postgres, "_COMMON_CHUNKS", 100)
    assert len(_keys(knowledge, "glove zebra unicorn")) == 10


def test_a_word_in_the_headings_counts_more(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, stored("a body"), stored("b heading"))
    with register_worker(db, run) as worker:
        body, heading = claim(db, worker, source, run, 2, 600)
        plain = Publication(body, identity("1"), "", {}, (chunk(0, "turbine in the text", heading=("Other",)),))
        headed = Publication(heading, identity("2"), "", {}, (chunk(0, "something else", heading=("Turbine",)),))
        publish(db, knowledge, plain)
        publish(db, knowledge, headed)
    assert _keys(knowledge, "turbine") == ["b heading", "a body"]


def test_ties_are_broken_by_key_and_place(db: Database, knowledge: PostgresKnowledge) -> None:
    source, run = begin(db, *(stored(key) for key in ("b", "ä", "B", "a")))
    with register_worker(db, run) as worker:
        for claimed in claim(db, worker, source, run, 4, 600):
            first, second = chunk(0, "same words", ("1",)), chunk(1, "same words", ("2",))
            told = Publication(claimed, identity(claimed.key), "", {}, (first, second))
            publish(db, knowledge, told)
    hits = knowledge.search(Query("same words", limit=6))
    assert [(hit.key, hit.heading_path[0]) for hit in hits] == [
        ("B", "1"), ("B", "2"), ("a", "1"), ("a", "2"), ("b", "1"), ("b", "2"),
    ]  # fmt: skip


def test_a_search_may_be_kept_to_some_sources(db: Database, knowledge: PostgresKnowledge) -> None:
    one = _fill(db, knowledge, {"a": "pump"}, "s3://one/")
    two = _fill(db, knowledge, {"b": "pump"}, "s3://two/")
    for sources, expected in {(): ["a", "b"], (one,): ["a"], (two,): ["b"], (one, two): ["a", "b"], (99,): []}.items():
        assert [hit.key for hit in knowledge.search(Query("pump", source_ids=sources))] == expected


def test_the_limit_is_kept_within_its_bounds(db: Database, knowledge: PostgresKnowledge) -> None:
    _fill(db, knowledge, {f"{number:03}": "pump" for number in range(12)})
    assert [len(knowledge.search(Query("pump", limit=limit))) for limit in (5, 0, -3, 5000)] == [5, 1, 1, 12]


def test_what_is_exported_does_not_depend_on_the_order_of_work(db: Database, knowledge: PostgresKnowledge) -> None:
    first = _fill(db, knowledge, CORPUS, "s3://one/")
    second = _fill(db, knowledge, dict(reversed(CORPUS.items())), "s3://two/")
    exported = list(knowledge.export(first))
    assert exported == list(knowledge.export(second))
    assert [chunk.key for chunk in exported] == sorted(CORPUS, key=lambda key: key.encode())


def test_an_export_that_is_not_read_to_its_end_lets_go(db: Database, knowledge: PostgresKnowledge) -> None:
    source = _fill(db, knowledge, CORPUS)
    exporting = knowledge.export(source)
    next(exporting)
    exporting.close()  # type: ignore[attr-defined]
    asked = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
    assert rows(db, asked) == [{"n": 0}]


def test_a_chunk_with_a_nul_is_refused_whole(db: Database, knowledge: PostgresKnowledge) -> None:
    """The airlock lets none through; were one to come, nothing of the document may be published."""
    source, run = begin(db, stored("a"))
    with register_worker(db, run) as worker:
        (claimed,) = claim(db, worker, source, run, 1, 600)
        good = Publication(claimed, identity("a"), "", {}, (chunk(0, "good"), chunk(1, "bad \0 text")))
        with pytest.raises(DatabaseError):
            publish(db, knowledge, good)
        assert list(knowledge.export(source)) == []
        publish(db, knowledge, replace(good, chunks=good.chunks[:1]))


def test_threads_may_search_while_others_publish(db: Database, knowledge: PostgresKnowledge) -> None:
    """A reader sees a document before or after a swap, never in between: always two chunks, of one revision."""
    source, run = begin(db, stored("a"))
    seen: list[list[str]] = []

    def search() -> None:
        seen.extend([hit.text.rsplit(" ", 1)[1] for hit in knowledge.search(Query("pump"))] for _ in range(30))

    with register_worker(db, run) as worker:
        readers = [Thread(target=search) for _ in range(2)]
        for number in range(15):
            if number == 1:
                for reader in readers:
                    reader.start()
            begin(db, stored("a", str(number)))
            (claimed,) = claim(db, worker, source, run, 1, 600)
            both = (chunk(0, f"pump one {number}"), chunk(1, f"pump two {number}"))
            publish(db, knowledge, Publication(claimed, identity(str(number)), "", {}, both))
        for reader in readers:
            reader.join()
    assert len(seen) == 60
    assert all(len(revisions) == 2 and len(set(revisions)) == 1 for revisions in seen)
