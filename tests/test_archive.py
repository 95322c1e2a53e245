"""Exports: Substack's zip, WordPress' XML; what they hold, how they meet a feed, and which are bombs."""

import csv
import io
import zipfile
from datetime import date
from functools import partial

import pytest
from columns import DIMENSION, Counting, write
from feedtext import Item, paragraphs, rss
from test_live import Column as Live
from web import serving

from index.sources import SourceError, archive, read
from index.sources.visit import Visit
from index.store import Store
from index.sync import Change, sync

TIDE, FERRY, GULLS = paragraphs("the tide"), paragraphs("the ferry"), paragraphs("gulls")
COLUMNS = ("post_id", "post_date", "is_published", "email_sent_at", "type", "audience", "title", "subtitle")


def table(*rows):
    """Write posts.csv of (id, title, published, date)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for id, title, published, day in rows:
        writer.writerow({"post_id": id, "title": title, "is_published": published, "post_date": day})
    return out.getvalue()


def zipped(path, **files):
    """Write a zip; names with "__" for "/"."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return str(path)


def substack(path):
    posts = table(
        ("101.the-tide", "The tide", "true", "2021-05-04T08:00:00.000Z"),
        ("102.the-ferry", "The ferry", "TRUE", "2021-05-03T08:00:00.000Z"),
        ("103.draft", "A draft", "false", ""),
        ("104.an-episode", "An episode", "true", "2021-05-02T08:00:00.000Z"),
        ("105.lost", "Lost", "true", "2021-05-01T08:00:00.000Z"),
    )
    files = {
        "posts.csv": posts,
        "posts/101.the-tide.html": TIDE,
        "posts/102.the-ferry.html": FERRY + '<p class="button-wrapper"><a>Subscribe now</a></p>',
        "posts/103.draft.html": GULLS,
        "posts/104.an-episode.html": "",
        "posts/../../../../tmp/escaped.html": GULLS,
        "email_list.csv": "email\nreader@example.org\n",
    }
    return zipped(path, **files)


def held(store):
    return {a.title: [p.text for p in store.article(a.id).passages] for a in store.articles()}


def words(html):
    return [part.removeprefix("<p>") for part in html.split("</p>") if part]


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data", "counting@1", DIMENSION) as opened:
        yield opened


def test_a_substack_export_gives_its_published_posts(tmp_path):
    source = substack(tmp_path / "export.zip")
    found = list(read(source))
    assert [(a.name, a.title, a.date, a.url) for a in found[:2]] == [
        ("the-tide", "The tide", date(2021, 5, 4), None),
        ("the-ferry", "The ferry", date(2021, 5, 3), None),
    ]
    assert [p.text for p in found[1].passages] == words(FERRY)
    assert [(f.source, f.reason) for f in found[2:]] == [
        (f"{source}: 105.lost", "The archive has no text of it; export anew.")
    ]


def test_what_lists_its_articles_says_how_many_to_expect(tmp_path):
    source = substack(tmp_path / "export.zip")
    with serving() as site:
        live = Live(tmp_path / "data", site)
        feed = site.put(
            "/feed", rss(Item("A", f"{site.url}/a", TIDE), Item("B", f"{site.url}/b", FERRY)), "text/xml"
        )
        places = "".join(f"<url><loc>{site.url}/{n}</loc></url>" for n in range(4))
        sitemap = site.put("/sitemap.xml", f"<urlset>{places}</urlset>", "text/xml")
        listed = {}
        for name in (source, feed, sitemap):
            visit = Visit(fetcher=live.fetcher(), memory=live.store, rules="")
            with visit.fetcher:
                next(read(name, visit, partial(listed.__setitem__, name)))
        live.store.close()
    assert listed == {source: 4, feed: 2, sitemap: 4}


def test_an_export_meets_its_feed_and_each_article_is_one(tmp_path):
    source = substack(tmp_path / "export.zip")
    with serving() as site:
        live = Live(tmp_path / "data", site)
        items = [
            Item("The tide", f"{site.url}/p/the-tide", TIDE.replace("number 3", "number three")),
            Item("The ferry", f"{site.url}/p/the-ferry", paragraphs("the ferry", 1) + "<p>Read more</p>"),
        ]
        site.put("/p/the-ferry", "", status=403)
        feed = site.put("/feed", rss(*items), "text/xml", etag='"7"')
        live.sync(source)
        seen = live.store.first_seen()
        for sources in ((feed, source), (source, feed), (feed, source)):
            live.clock.pass_by(hours=1)
            live.sync(*sources)
            assert live.store.first_seen() == seen
            texts = live.texts()
            assert texts["The tide"][2] == words(TIDE)[2].replace("number 3", "number three")  # as mended
            assert texts["The ferry"] == words(FERRY)  # whole, as in the export
        live.store.close()


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("kind", ["export", "folder"])
def test_a_preview_gives_way_to_the_whole(tmp_path, together, kind):
    with serving() as site:
        link = f"{site.url}/p/the-ferry"
        whole = substack(tmp_path / "export.zip")
        if kind == "folder":
            text = "\n\n".join(words(FERRY))
            whole = write(tmp_path / "column", ferry=f"---\ntitle: The ferry\nurl: {link}\n---\n\n{text}")
        live = Live(tmp_path / "data", site)
        site.put("/p/the-ferry", "", status=403)
        preview = Item("The ferry", link, paragraphs("the ferry", 1) + "<p>Read more</p>")
        feed = site.put("/feed", rss(preview), "text/xml", etag='"7"')
        live.sync(*([feed, whole] if together else [feed]))
        assert any(a.truncated for a in live.store.articles()) is not together
        if not together:
            seen = live.store.first_seen()
        for sources in ((feed, whole), (whole, feed)):
            live.sync(*sources)
            assert live.texts()["The ferry"] == words(FERRY)
            assert not any(a.truncated for a in live.store.articles())
            assert len(live.store.articles()) == (2 if kind == "export" else 1)
            assert together or seen.items() <= live.store.first_seen().items()
        live.store.close()


def test_what_an_export_no_longer_holds_is_gone(store, tmp_path):
    source = substack(tmp_path / "export.zip")
    sync(store, Counting(), [source])
    zipped(
        tmp_path / "export.zip",
        **{"posts.csv": table(("101.the-tide", "The tide", "true", "")), "posts/101.the-tide.html": TIDE},
    )
    report = sync(store, Counting(), [source])
    assert {o.name: o.change for o in report.outcomes} == {
        "the-tide": Change.UNCHANGED,
        "the-ferry": Change.REMOVED,
    }
    assert report.embedded == 0


def wordpress(*items):
    return rss(*items).replace("<channel>", "<channel><wp:wxr_version>1.2</wp:wxr_version>")


def post(title, content, kind="post", status="publish", password=""):
    more = (
        f"<wp:post_type>{kind}</wp:post_type><wp:status>{status}</wp:status>"
        f"<wp:post_password>{password}</wp:post_password>"
    )
    day = "Tue, 04 May 2021 08:00:00 +0000"
    return Item(title, f"https://column.example.org/{title.lower()}", content, date=day, more=more)


def test_a_wordpress_export_gives_the_posts_that_everybody_may_read(tmp_path):
    raw = "The tide opens.\nIt has two lines.\n\n<em>Then</em> it turns &amp; ends.\n\n"
    raw += "<blockquote>Said so.</blockquote>"
    path = tmp_path / "export.xml"
    path.write_text(
        wordpress(
            post("Tide", raw),
            post("Blocks", f"<!-- wp:paragraph -->\n{FERRY}\n<!-- /wp:paragraph -->"),
            post("Draft", GULLS, status="draft"),
            post("About", GULLS, kind="page"),
            post("Secret", GULLS, password="sesame"),
        )
    )
    found = {a.title: a for a in read(str(path))}
    assert list(found) == ["Tide", "Blocks"]
    assert [p.text for p in found["Tide"].passages] == [
        "The tide opens. It has two lines.",
        "Then it turns & ends.",
        "Said so.",
    ]
    assert [p.text for p in found["Blocks"].passages] == words(FERRY)
    assert (found["Tide"].url, found["Tide"].date) == ("https://column.example.org/tide", date(2021, 5, 4))


def test_a_zip_of_a_wordpress_export_and_a_saved_feed_are_read_too(tmp_path):
    source = zipped(tmp_path / "site.zip", **{"site/one.xml": wordpress(post("Tide", TIDE))})
    assert [a.title for a in read(source)] == ["Tide"]
    (tmp_path / "feed.rss").write_text(rss(Item("Ferry", "https://column.example.org/ferry", FERRY)))
    assert [a.title for a in read(str(tmp_path / "feed.rss"))] == ["Ferry"]


def test_an_export_inside_a_folder_is_passed_over(tmp_path):
    substack(tmp_path / "export.zip")
    (tmp_path / "a.md").write_text("Words.")
    assert [a.name for a in read(str(tmp_path))] == ["a"]


def refusal(source):
    with pytest.raises(SourceError) as caught:
        list(read(source))
    assert str(caught.value).endswith(".")
    return str(caught.value)


def test_what_is_no_export_is_named(tmp_path):
    assert "neither Substack's export nor WordPress'" in refusal(zipped(tmp_path / "a.zip", **{"x.txt": "x"}))
    (tmp_path / "b.zip").write_bytes(b"PK\3\4 and no more")
    assert "no zip file" in refusal(str(tmp_path / "b.zip"))
    (tmp_path / "c.xml").write_text("<html>Words.</html>")
    assert "no RSS or Atom feed" in refusal(str(tmp_path / "c.xml"))
    (tmp_path / "d.xml").write_text(
        '<!DOCTYPE x [<!ENTITY a "ha">]><rss><channel><title>&a;</title></channel></rss>'
    )
    assert "declares entities" in refusal(str(tmp_path / "d.xml"))


def test_a_post_that_is_a_bomb_is_named_and_costs_nothing(store, tmp_path):
    posts = table(("1.bomb", "Bomb", "true", ""), ("2.tide", "Tide", "true", ""))
    files = {
        "posts.csv": posts,
        "posts/1.bomb.html": "<p>x</p>" + " " * 40_000_000,
        "posts/2.tide.html": TIDE,
    }
    source = zipped(tmp_path / "export.zip", **files)
    assert (tmp_path / "export.zip").stat().st_size < 100_000
    report = sync(store, Counting(), [source])
    assert {o.name: o.change for o in report.outcomes} == {
        f"{source}: 1.bomb": Change.FAILED,
        "tide": Change.ADDED,
    }
    assert report.outcomes[0].why == (
        "It unpacks to more than an export can hold, as bombs do; leave it out."
    )


def test_an_archive_that_unpacks_to_too_much_in_all_or_holds_too_many_files_is_refused(tmp_path):
    rows = [(f"{n}.post", f"Post {n}", "true", "") for n in range(10)]
    texts = {f"posts/{n}.post.html": f"<p>Post {n}.</p>" + " " * 1_000_000 for n in range(10)}
    source = zipped(tmp_path / "export.zip", **{"posts.csv": table(*rows)}, **texts)
    found = []
    with pytest.raises(SourceError, match="more than an export can hold"):
        found.extend(archive.read_archive(tmp_path / "export.zip", source, all_limit=5_000_000))
    assert [getattr(item, "name", "too large") for item in found] == [
        "post",
        "post",
        "post",
        "post",
        "too large",
    ]
    with pytest.raises(SourceError, match="more than 3 files"):
        list(archive.read_archive(tmp_path / "export.zip", source, most_files=3))


def test_what_a_header_says_of_a_size_is_not_believed(tmp_path):
    source = substack(tmp_path / "export.zip")
    data = bytearray((tmp_path / "export.zip").read_bytes())
    directory = data.rindex(b"posts/101.the-tide.html") - 46
    data[directory + 24 : directory + 28] = (7).to_bytes(4, "little")  # its size, unpacked
    (tmp_path / "export.zip").write_bytes(data)
    kinds = [(getattr(item, "name", None), getattr(item, "reason", "")) for item in read(source)]
    assert kinds[:2] == [
        (None, "It is damaged or encrypted inside the archive; export anew."),
        ("the-ferry", ""),
    ]


def test_an_encrypted_file_inside_is_named(tmp_path):
    source = substack(tmp_path / "export.zip")
    data = bytearray((tmp_path / "export.zip").read_bytes())
    local, central = (
        data.index(b"posts/102.the-ferry.html") - 30,
        data.rindex(b"posts/102.the-ferry.html") - 46,
    )
    data[local + 6] |= 1
    data[central + 8] |= 1
    (tmp_path / "export.zip").write_bytes(data)
    reasons = [f.reason for f in read(source) if hasattr(f, "reason")]
    assert reasons[0] == "It is damaged or encrypted inside the archive; export anew."


def test_no_name_inside_an_archive_is_used_as_a_path(tmp_path):
    before = sorted(p.name for p in tmp_path.iterdir())
    source = substack(tmp_path / "export.zip")
    list(read(source))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*before, "export.zip"])
