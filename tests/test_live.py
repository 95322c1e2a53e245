"""Feeds, pages and sitemaps over a real server: what is read and asked, what is one article, what fails."""

import gzip
from datetime import UTC, date, datetime, timedelta

import pytest
from columns import DIMENSION, Counting, write
from feedtext import Item, atom, page, paragraphs, rss, sitemap, sitemap_index
from web import HOST, serving

from index.sources import live
from index.sources.fetch import Fetcher
from index.store import Store
from index.sync import Change, fingerprint_of, sync
from index.trial import try_source

ADDED, CHANGED, REMOVED, UNCHANGED, FAILED, TAKEN_DOWN = Change
XML = "application/rss+xml; charset=utf-8"
NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
TIDE, FERRY, GULLS = paragraphs("the tide"), paragraphs("the ferry"), paragraphs("gulls")


class Hours:
    """A clock that stands still until a test moves it; nobody sleeps by it."""

    now = NOON

    def pass_by(self, **time):
        self.now += timedelta(**time)


class Column:
    """A store that syncs from a site, and remembers what each sync did."""

    def __init__(self, folder, site):
        self.store = Store.open(folder, "counting@1", DIMENSION)
        self.site, self.clock, self.report = site, Hours(), None
        self.embedded = []

    def fetcher(self):
        return Fetcher(
            allow_hosts=[HOST], pause=0, seconds=5, now=lambda: self.clock.now, sleep=lambda seconds: None
        )

    def sync(self, *sources, **options):
        """Sync and return {name: change}."""
        embedder = Counting()
        self.site.asked.clear()
        self.report = sync(self.store, embedder, sources, fetcher=self.fetcher(), **options)
        self.embedded = embedder.asked
        return {o.name: o.change for o in self.report.outcomes}

    def whys(self):
        return {o.name: o.why for o in self.report.outcomes if o.why}

    def one(self):
        """Return the only article, whole."""
        (article,) = self.store.articles()
        return self.store.article(article.id)

    def titles(self):
        return sorted(a.title for a in self.store.articles())

    def texts(self):
        return {a.title: [p.text for p in self.store.article(a.id).passages] for a in self.store.articles()}


@pytest.fixture
def site():
    with serving() as site:
        yield site


@pytest.fixture
def column(tmp_path, site):
    column = Column(tmp_path / "data", site)
    yield column
    column.store.close()


def words(html):
    """Return the paragraphs of *html* as a reader sees them."""
    return [part.removeprefix("<p>") for part in html.split("</p>") if part]


# What is read


def test_a_feed_with_whole_articles_is_read_without_asking_for_any_page(column, site):
    content = (
        f"{TIDE}<blockquote><p>A quoted line.</p></blockquote><script>alert(1)</script>"
        '<div class="subscription-widget-wrap"><p>Thanks for reading! Subscribe for free.</p></div>'
    )
    feed = site.put("/feed", rss(Item("Tide & time", f"{site.url}/p/tide?utm_source=rss", content)), XML)
    assert column.sync(feed) == {"tide": ADDED}
    article = column.one()
    assert (article.title, article.author, article.date) == ("Tide & time", "Ines Calder", date(2031, 5, 4))
    assert (article.url, article.source, article.truncated) == (f"{site.url}/p/tide", feed, False)
    assert [p.text for p in article.passages] == [*words(TIDE), "A quoted line."]
    assert article.passages[-1].voice == "block quotation"
    assert site.paths() == ["/feed"]


def test_atom_and_typography_come_through_letter_for_letter(column, site):
    said = "“Curly,” she said — dash… NBSP\u00a0here, caf\u00e9 &amp; more.".replace("&amp;", "&")
    item = Item(
        "Signs",
        f"{site.url}/signs",
        f"<p>{said.replace('&', '&amp;')}</p>",
        date="2031-05-04T23:30:00-05:00",
        guid="x",
    )
    feed = site.put("/atom", atom(item), "application/atom+xml")
    column.sync(feed)
    assert [p.text for p in column.one().passages] == [said]
    assert column.one().date == date(2031, 5, 4)


def test_a_declared_encoding_is_read_as_declared(column, site):
    text = rss(Item("Café", f"{site.url}/c", "<p>Déjà vu “twice”.</p>")).replace("UTF-8", "windows-1252")
    feed = site.put("/feed", text.encode("windows-1252"), "text/xml")
    column.sync(feed)
    assert [p.text for p in column.one().passages] == ["Déjà vu “twice”."]


def test_a_feed_of_summaries_has_its_pages_fetched(column, site):
    link = site.put("/tide", page("Another title", TIDE, '<meta name="author" content="Ruth Okafor">'))
    feed = site.put("/feed", rss(Item("Tide", link, summary="A short look at the tide.", author="")), XML)
    assert column.sync(feed) == {"tide": ADDED}
    article = column.one()
    assert (article.title, article.author, article.truncated) == ("Tide", "Ruth Okafor", False)
    assert [p.text for p in article.passages] == words(TIDE)
    assert site.paths() == ["/feed", "/tide"]


def test_a_long_summary_is_the_article(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", summary=paragraphs("the tide", 20))), XML)
    column.sync(feed)
    assert (len(column.one().passages), site.paths()) == (20, ["/feed"])


def test_the_first_page_of_a_site_leads_to_its_feed(column, site):
    site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML)
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    home = site.put("/", page("The Quay", "<p>Welcome.</p>", link))
    assert column.sync(home) == {"tide": ADDED}
    assert column.one().source == home
    assert column.sync(home) == {"tide": UNCHANGED}


def test_one_page_is_an_article_known_by_its_own_canonical_link(column, site):
    head = f'<link rel="canonical" href="{site.url}/p/tide"><meta property="og:type" content="article">'
    url = site.put("/tide?share=1", page("Tide", TIDE, head), etag='"1"')
    assert column.sync(url) == {"tide": ADDED}
    assert column.one().url == f"{site.url}/p/tide"
    assert column.sync(url) == {"tide": UNCHANGED}
    assert site.asked[-1].headers["If-None-Match"] == '"1"'


def test_a_page_cannot_take_the_place_of_another_sites_article(column, site):
    head = '<link rel="canonical" href="https://column.example.org/p/tide">'
    url = site.put("/copy", page("Tide", TIDE, head))
    column.sync(url)
    assert column.one().url == url


def test_a_sitemap_leads_through_further_ones_to_pages_that_are_articles(column, site):
    dated = '<meta property="article:published_time" content="2021-05-04">'
    tide, ferry = (
        site.put("/tide", page("Tide", TIDE, dated)),
        site.put("/ferry", page("Ferry", FERRY, dated)),
    )
    about = site.put("/about", "<html><body><p>Who we are and where we live.</p></body></html>")
    empty = site.put("/empty", "<html><body><img src='x.png'></body></html>")
    one = site.put("/one.xml", sitemap(tide, about, empty, "https://elsewhere.example.org/x", "javascript:x"))
    two = site.put("/two.xml.gz", gzip.compress(sitemap(ferry).encode()), "application/gzip")
    source = site.put("/sitemap.xml", sitemap_index(one, two, f"{site.url}/gone.xml"), "text/xml")
    assert column.sync(source) == {"tide": ADDED, "ferry": ADDED, f"{site.url}/gone.xml": FAILED}
    assert column.titles() == ["Ferry", "Tide"]


def test_a_further_sitemap_is_looked_at_though_the_first_did_not_change(column, site):
    head = '<meta property="og:type" content="article">'
    tide, ferry = site.put("/tide", page("Tide", TIDE, head)), site.put("/ferry", page("Ferry", FERRY, head))
    inner = site.put("/one.xml", sitemap(tide))
    source = site.put("/sitemap.xml", sitemap_index(inner), "text/xml", etag='"1"')
    column.sync(source)
    site.put("/one.xml", sitemap(tide, ferry))
    assert column.sync(source) == {"ferry": ADDED, "tide": UNCHANGED}
    assert site.paths() == ["/sitemap.xml", "/one.xml", "/ferry"]


def test_a_sitemap_that_says_when_pages_changed_saves_asking_for_them(column, site):
    dated = '<meta property="article:published_time" content="2021-05-04">'
    tide = site.put("/tide", page("Tide", TIDE, dated))
    source = site.put("/sitemap.xml", sitemap(tide, changed="2031-05-04"), "text/xml")
    column.sync(source)
    assert column.sync(source) == {"tide": UNCHANGED}
    assert site.paths() == ["/sitemap.xml"]
    site.put("/tide", page("Tide", FERRY, dated))
    site.put("/sitemap.xml", sitemap(tide, changed="2031-05-05"), "text/xml")
    assert column.sync(source) == {"tide": CHANGED}


# What is asked


def test_an_unchanged_feed_is_asked_for_by_its_validators_and_costs_nothing(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML, etag='"7"', modified="Sun, 04")
    column.sync(feed)
    assert "If-None-Match" not in site.asked[-1].headers
    generation = column.store.generation
    assert column.sync(feed) == {"tide": UNCHANGED}
    sent = site.asked[-1].headers
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"7"', "Sun, 04")
    assert (column.embedded, column.store.generation) == ([], generation)
    assert column.store.last_read() == {feed: NOON}


def test_once_a_day_a_feed_is_read_whole_whatever_its_server_says(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML, etag='"7"')
    column.sync(feed)
    site.put("/feed", rss(Item("Tide", f"{site.url}/tide", FERRY)), XML, etag='"7"')
    column.clock.pass_by(hours=23)
    assert column.sync(feed) == {"tide": UNCHANGED}
    column.clock.pass_by(hours=1)
    assert column.sync(feed) == {"tide": CHANGED}


def test_a_page_is_asked_for_again_when_its_entry_changes_or_a_day_has_passed(column, site):
    link = site.put("/tide", page("Tide", TIDE), etag='"1"')
    feed = site.put("/feed", rss(Item("Tide", link, summary="Short.")), XML)
    column.sync(feed)
    column.sync(feed)
    assert site.paths() == ["/feed"]
    site.put("/feed", rss(Item("Tide", link, summary="Short, corrected.")), XML)
    column.sync(feed)
    assert (site.paths(), site.asked[-1].headers["If-None-Match"]) == (["/feed", "/tide"], '"1"')
    column.clock.pass_by(days=2)
    site.put("/tide", page("Tide", FERRY), etag='"2"')
    assert column.sync(feed) == {"tide": CHANGED}


def test_a_server_that_asks_to_be_left_alone_is_left_alone_by_the_next_sync_too(column, site):
    feed = site.put("/feed", "", status=429, headers={"Retry-After": "7200"})
    assert column.sync(feed) == {feed: FAILED}
    column.clock.pass_by(hours=1)
    assert column.sync(feed) == {feed: FAILED}
    assert "until 2031-05-04 14:00 UTC" in column.whys()[feed]
    assert site.asked == []
    column.clock.pass_by(hours=2)
    site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML)
    assert column.sync(feed) == {"tide": ADDED}


def test_a_server_that_does_not_say_how_long_is_asked_ever_more_seldom(column, site):
    feed = site.put("/feed", "", status=503)
    waits = []
    for _ in range(3):
        column.sync(feed)
        waits.append(column.store.fetched(feed).wait_until - column.clock.now)
        column.clock.now = column.store.fetched(feed).wait_until
    assert waits == [timedelta(minutes=m) for m in (5, 10, 20)]


def test_pages_that_failed_are_asked_for_again_though_the_feed_did_not_change(column, site):
    link = f"{site.url}/tide"
    feed = site.put("/feed", rss(Item("Tide", link, summary="Short.")), XML, etag='"7"')
    assert column.sync(feed) == {link: FAILED}
    site.put("/tide", page("Tide", TIDE))
    assert column.sync(feed) == {"tide": ADDED}


# One article is one article


def test_rewritten_dates_and_guids_are_no_news(column, site):
    first = Item("Tide", f"{site.url}/tide?utm_campaign=1", TIDE, guid="1")
    feed = site.put("/feed", rss(first), XML)
    column.sync(feed)
    seen = column.store.first_seen()
    column.clock.pass_by(days=3)
    again = first._replace(
        guid="2",
        date="Wed, 07 May 2031 08:00:00 GMT",
        link=f"http://{HOST}:{site.url.rpartition(':')[2]}/tide/",
    )
    site.put("/feed", rss(again), XML)
    assert column.sync(feed) == {"tide": UNCHANGED}
    assert (column.store.first_seen(), column.one().date) == (seen, date(2031, 5, 4))


def test_what_is_dropped_stays_and_is_no_news_when_it_comes_back(column, site):
    tide, ferry = Item("Tide", f"{site.url}/tide", TIDE), Item("Ferry", f"{site.url}/ferry", FERRY)
    feed = site.put("/feed", rss(tide, ferry), XML)
    column.sync(feed)
    seen = column.store.first_seen()
    for items in ([ferry], [], [ferry, tide]):
        column.clock.pass_by(days=1)
        site.put("/feed", rss(*items), XML)
        column.sync(feed, prune=True)
        assert column.titles() == ["Ferry", "Tide"]
        assert column.embedded == []
    assert column.store.first_seen() == seen


def test_a_silent_edit_replaces_the_passages_and_only_the_changed_one_is_embedded(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML)
    column.sync(feed)
    seen = column.store.first_seen()
    edited = TIDE.replace("Paragraph 3 about", "Paragraph 3, mended, about")
    column.clock.pass_by(days=1)
    site.put("/feed", rss(Item("Tide", f"{site.url}/tide", edited)), XML)
    assert column.sync(feed) == {"tide": CHANGED}
    assert column.embedded == [words(edited)[2]]
    assert [p.text for p in column.one().passages] == words(edited)
    assert column.store.first_seen() == seen


def test_a_moved_article_is_the_same_under_its_new_link(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML)
    column.sync(feed)
    seen = column.store.first_seen()
    site.put(
        "/feed", rss(Item("Tide", f"{site.url}/2031/the-tide", TIDE.replace("number 5", "number five"))), XML
    )
    assert list(column.sync(feed).values()) == [CHANGED]
    assert (column.one().url, column.store.first_seen()) == (f"{site.url}/2031/the-tide", seen)


def test_entries_that_share_a_link_are_articles_of_their_own(column, site):
    home = "https://column.example.org/"
    feed = site.put("/feed", rss(Item("Tide", home, TIDE), Item("Ferry", home, FERRY)), XML)
    column.sync(feed)
    assert column.titles() == ["Ferry", "Tide"]
    seen = column.store.first_seen()
    site.put(
        "/feed", rss(Item("Gulls", home, GULLS), Item("Ferry", home, FERRY), Item("Tide", home, TIDE)), XML
    )
    column.sync(feed)
    assert column.titles() == ["Ferry", "Gulls", "Tide"]
    assert seen.items() <= column.store.first_seen().items()


def test_an_article_that_stands_twice_in_a_feed_is_one(column, site):
    old, new = Item("Tide", f"{site.url}/tide", TIDE), Item("The tide", f"{site.url}/tide?ref=x", TIDE)
    feed = site.put("/feed", rss(new, old), XML)
    column.sync(feed)
    assert column.titles() == ["The tide"]


def test_threads_that_share_most_of_their_words_stay_apart(column, site):
    long = paragraphs("this thread", 12)
    items = [
        Item(f"Thread {n}", f"{site.url}/thread-{n}", f"{long}<p>This is thread {n}.</p>") for n in (2, 1)
    ]
    feed = site.put("/feed", rss(items[1]), XML)
    column.sync(feed)
    site.put("/feed", rss(*items), XML)
    assert column.sync(feed) == {"thread-2": ADDED, "thread-1": UNCHANGED}
    assert column.sync(feed) == {"thread-2": UNCHANGED, "thread-1": UNCHANGED}


def test_an_article_that_a_folder_and_a_feed_hold_is_one_whichever_comes_first(column, site, tmp_path):
    link = f"{site.url}/tide"
    folder = write(tmp_path / "column", tide=f"---\nurl: {link}\n---\n\n" + "\n\n".join(words(TIDE)))
    feed = site.put("/feed", rss(Item("Tide", f"{link}?utm_id=3", TIDE)), XML, etag='"7"')
    column.sync(folder)
    seen = column.store.first_seen()
    for sources in ((folder, feed), (feed, folder), (folder, feed), (folder,)):
        column.sync(*sources)
        assert column.store.first_seen() == seen
        assert len(column.store.articles()) == 1
    assert column.one().source == folder


def test_a_feed_that_is_no_longer_named_goes_with_its_articles_and_is_no_news_when_named_again(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML, etag='"7"')
    other = site.put("/other", rss(Item("Ferry", f"{site.url}/ferry", FERRY)), XML)
    column.sync(feed, other)
    seen = column.store.first_seen()
    column.clock.pass_by(days=1)
    assert column.sync(other)["tide"] is REMOVED
    assert column.sync(feed, other)["tide"] is ADDED
    assert column.store.first_seen() == seen


def test_dates_that_lie_ahead_or_are_missing_are_no_dates(column, site):
    items = [
        Item("Ahead", f"{site.url}/a", TIDE, date="Sun, 04 May 2081 08:00:00 GMT"),
        Item("Missing", f"{site.url}/b", FERRY, date=""),
        Item("Nonsense", f"{site.url}/c", GULLS, date="yesterday-ish"),
        Item("Tomorrow", f"{site.url}/d", paragraphs("eels"), date="Mon, 05 May 2031 09:00:00 +1400"),
    ]
    column.sync(site.put("/feed", rss(*items), XML))
    dates = {a.title: a.date for a in column.store.articles()}
    assert dates == {"Ahead": None, "Missing": None, "Nonsense": None, "Tomorrow": date(2031, 5, 5)}


# What was taken down


def test_what_was_taken_down_never_comes_back_by_any_way(column, site, tmp_path):
    item = Item("Tide", f"{site.url}/tide", TIDE, guid="1")
    feed = site.put("/feed", rss(item, Item("Ferry", f"{site.url}/ferry", FERRY)), XML)
    column.sync(feed)
    (tide,) = (a.id for a in column.store.articles() if a.title == "Tide")
    column.store.take_down(tide, NOON)
    folder = write(tmp_path / "column", renamed="\n\n".join(words(TIDE)))
    variations = [
        item,
        item._replace(guid="2", date="Fri, 09 May 2031 08:00:00 GMT"),
        item._replace(link=f"{site.url}/tide/?utm_source=x#top", content=FERRY + GULLS, title="Otherwise"),
        item._replace(link=f"{site.url}/elsewhere", title="The tide, again"),
        item._replace(link=f"{site.url}/third", content=TIDE.replace("number 2", "number two")),
    ]
    for varied in variations:
        site.put("/feed", rss(varied, Item("Ferry", f"{site.url}/ferry", FERRY)), XML)
        changes = column.sync(feed, folder)
        assert list(changes.values()).count(TAKEN_DOWN) == 2  # in the feed, and in the folder
        assert column.titles() == ["Ferry"]
    assert list(column.store.taken_down()) == [tide]


# Previews


def linked(data):
    """Write JSON-LD."""
    return f'<script type="application/ld+json">{data}</script>'


READ_MORE = '<p><a href="https://column.example.org/p/tide">\n Read more\n</a></p>'


def test_a_paid_preview_in_a_feed_is_known_as_one(column, site):
    preview = paragraphs("the tide", 2)
    site.put(
        "/tide", page("Tide", f"{preview}<div class='paywall'><p>This post is for paid subscribers</p></div>")
    )
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", preview + READ_MORE)), XML)
    column.sync(feed)
    article = column.one()
    assert article.truncated
    assert [p.text for p in article.passages] == words(preview)


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (f"{TIDE}<p>Subscribe to continue reading.</p>", ""),
        (
            f"{TIDE}<p>Keep reading with a free trial</p><p>Subscribe to The Quay to keep reading this.</p>",
            "",
        ),
        (f"{TIDE}<p>This article is for subscribers only.</p><p>Already a subscriber?</p><p>Log in</p>", ""),
        (f"{TIDE}<p>(2,300 words)</p>", ""),
        (
            TIDE,
            linked('{"@type":"NewsArticle","isAccessibleForFree":"False"}'),
        ),
        (
            TIDE,
            linked('{"@graph":[{"@type":["BlogPosting"],"wordCount":900}]}'),
        ),
    ],
)
def test_a_page_that_says_that_it_goes_on_is_a_preview(column, site, body, head):
    column.sync(site.put("/tide", page("Tide", body, head)))
    assert column.one().truncated
    assert [p.text for p in column.one().passages][:5] == words(TIDE)
    assert not any("ubscri" in p.text for p in column.one().passages)


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (
            TIDE,
            linked('{"@type":"Article","isAccessibleForFree":true,"wordCount":90}'),
        ),
        (f"{TIDE}<p>Read more about eels in the column of last week, which I wrote in the rain.</p>", ""),
        (f"{TIDE}<p>The paper asked its readers to pay, and they did not.</p>", ""),
        (TIDE, linked('{"@type":"WebSite","isAccessibleFor')),
        (f"{TIDE}<p>Subscribe</p><p>Share this post</p>", ""),
    ],
)
def test_a_page_that_ends_where_it_ends_is_none(column, site, body, head):
    column.sync(site.put("/tide", page("Tide", body, head)))
    assert not column.one().truncated


def test_where_the_page_has_the_whole_the_feeds_beginning_is_forgotten(column, site):
    site.put("/tide", page("Tide", TIDE))
    beginning = f"{words(TIDE)[0][:40]} […]"
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", f"<p>{beginning}</p>")), XML)
    column.sync(feed)
    assert (column.one().truncated, [p.text for p in column.one().passages]) == (False, words(TIDE))


def test_where_robots_keep_us_out_the_feeds_own_text_is_a_preview(column, site):
    site.put("/robots.txt", "User-agent: *\nDisallow: /tide\n", "text/plain")
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", summary="A short look at the tide.")), XML)
    assert column.sync(feed) == {"tide": ADDED}
    assert (column.one().truncated, site.paths()) == (True, ["/feed"])


def test_an_article_that_was_whole_never_becomes_a_preview(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML)
    column.sync(feed)
    site.put("/tide", page("Tide", paragraphs("the tide", 1) + "<p>This post is for paid subscribers.</p>"))
    site.put("/feed", rss(Item("Tide", f"{site.url}/tide", paragraphs("the tide", 1) + READ_MORE)), XML)
    assert column.sync(feed) == {"tide": UNCHANGED}
    assert column.whys() == {"tide": "its source shows a preview now; the whole text stays"}
    assert [p.text for p in column.one().passages] == words(TIDE)


# What goes wrong


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rss(Item("&c;", "https://column.example.org/x", "x"), top=BOMB), "declares entities of its own"),
        (BOMB + sitemap("https://column.example.org/x"), "declares entities of its own"),
        (rss(), "lists no article"),
        ("<rss", "no RSS or Atom feed that can be read"),
        ("", "no paragraph of text"),
        (b"\0\1\2\3" * 500, "binary file"),
        ("<html>" + "<p>x" * 60_000, "more than 50,000 tags"),
        ("<html><script>document.write('Tide')</script></html>", "no paragraph of text"),
    ],
)
def test_a_source_that_cannot_be_read_is_named_and_costs_nothing(column, site, body, said):
    good = site.put("/good", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML)
    bad = site.put("/bad", rss(Item("Ferry", f"{site.url}/ferry", FERRY)), XML)
    column.sync(good, bad)
    site.put("/bad", body, XML)
    column.clock.pass_by(days=1)
    assert column.sync(good, bad) == {bad: FAILED, "tide": UNCHANGED, "ferry": UNCHANGED}
    assert said in column.whys()[bad]
    assert column.store.summary().failed == {bad: column.whys()[bad]}
    assert column.titles() == ["Ferry", "Tide"]
    assert column.store.last_read()[bad] == (NOON if said != "lists no article" else column.clock.now)


def test_broken_xml_gives_what_can_be_read_of_it(column, site):
    whole = rss(Item("Tide", f"{site.url}/tide", TIDE), Item("Ferry", f"{site.url}/ferry", FERRY))
    column.sync(site.put("/feed", whole.replace("</channel></rss>", "<item><title>& cut"), XML))
    assert {"Ferry", "Tide"} <= set(column.titles())


def test_halves_of_characters_and_odd_headers_cost_nothing(column, site):
    text = rss(Item("Half &#xD800; title", f"{site.url}/h", summary="Half &#55296; a text & more."))
    site.put("/h", "", status=403)
    feed = site.put("/feed", text, XML, headers={"ETag": "\xe9\xff" * 9, "Last-Modified": "x" * 2_000})
    column.sync(feed)
    assert len(column.store.articles()) == 1
    assert (column.store.fetched(feed).etag, column.store.fetched(feed).modified) == (None, None)


def test_one_strange_entry_does_not_cost_the_others(column, site):
    inside = {"Location": "http://169.254.169.254/latest/meta-data/"}
    site.put("/inside", "", status=302, headers=inside)
    items = [
        Item("Inside", f"{site.url}/inside", summary="Short."),
        Item("File", "file:///etc/passwd", summary="Short."),
        Item("Nothing", f"{site.url}/gone", summary="Short."),
        Item("Tide", f"{site.url}/tide", TIDE),
    ]
    changes = column.sync(site.put("/feed", rss(*items), XML))
    assert changes["tide"] is ADDED
    assert "not public" in column.whys()[f"{site.url}/inside"]
    assert "404" in column.whys()[f"{site.url}/gone"]
    assert column.texts().get("File") in (None, ["Short."])
    assert not any("root:" in t for texts in column.texts().values() for t in texts)


def test_a_sync_that_is_cut_off_before_its_articles_are_kept_asks_for_all_of_it_again(column, site):
    class Failing(Counting):
        def encode_document(self, texts):
            raise MemoryError("tired")

    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML, etag='"7"')
    with pytest.raises(MemoryError):
        sync(column.store, Failing(), [feed], fetcher=column.fetcher())
    assert column.sync(feed) == {"tide": ADDED}


# What no longer can be fetched


def test_what_the_feed_no_longer_lists_is_read_anew_from_the_store_when_the_rules_changed(column, site):
    feed = site.put(
        "/feed", rss(Item("Tide", f"{site.url}/tide", "<p>“It rises,” said Mara Quill.</p>")), XML
    )
    column.sync(feed)
    article = column.one()
    assert article.passages[0].utterances
    column.store.put(column.store.article(article.id), "older rules", [], {})
    site.put("/feed", rss(Item("Ferry", f"{site.url}/ferry", FERRY)), XML)
    assert column.sync(feed) == {"ferry": ADDED, "tide": CHANGED}
    assert column.store.article(article.id) == article
    fresh = [p.__replace__(utterances=()) if hasattr(p, "__replace__") else p for p in article.passages]
    assert column.store.fingerprints()[article.id] != "older rules"
    assert fresh
    assert fingerprint_of(article)


def test_a_store_that_starts_over_keeps_what_its_feeds_no_longer_have(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML, etag='"7"')
    column.sync(feed)
    before = column.one()
    site.put("/feed", rss(Item("Ferry", f"{site.url}/ferry", FERRY)), XML, etag='"8"')
    column.store.clear("counting@1", DIMENSION, keep=[feed])
    assert column.store.summary().chunks == 0
    assert column.sync(feed) == {"ferry": ADDED, "tide": CHANGED}
    assert column.store.article(before.id) == before
    assert column.store.summary().chunks == 10
    column.store.check()


def test_everything_is_fetched_anew_when_the_code_that_reads_it_changed(column, site, monkeypatch):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML, etag='"7"')
    column.sync(feed)
    monkeypatch.setattr(live, "RULES", "0" * 64)
    column.sync(feed)
    assert "If-None-Match" not in site.asked[-1].headers


# Trying a source


def test_trying_a_source_says_what_it_holds_and_changes_nothing(column, site):
    tide, ferry = Item("Tide", f"{site.url}/tide", TIDE), Item("Ferry", f"{site.url}/ferry", FERRY)
    feed = site.put(
        "/feed", rss(tide, ferry, Item("Gone", f"{site.url}/gone", summary="Short.")), XML, etag='"7"'
    )
    column.sync(site.put("/one", rss(tide), XML))
    generation, read = column.store.generation, column.store.last_read()
    found = try_source(column.store, feed, column.fetcher())
    assert [(a.title, a.date, a.passages, a.known) for a in found.articles] == [
        ("Tide", date(2031, 5, 4), 5, True),
        ("Ferry", date(2031, 5, 4), 5, False),
    ]
    assert (found.passages, [f.source for f in found.failures]) == (5, [f"{site.url}/gone"])
    assert (column.store.generation, column.store.last_read()) == (generation, read)
    assert column.store.fetched(feed) is None
    assert column.titles() == ["Tide"]


def test_trying_what_cannot_be_read_says_why(column, site):
    found = try_source(column.store, "http://169.254.169.254/", column.fetcher())
    assert (found.articles, [f.source for f in found.failures]) == ((), ["http://169.254.169.254/"])
    assert "not public" in found.failures[0].reason
    assert try_source(column.store, site.put("/feed", rss(), XML), column.fetcher()).failures


def test_what_a_feed_only_links_to_on_other_sites_is_not_fetched_as_the_columns(column, site):
    other = site.url.replace(HOST, "localhost") + "/else"
    site.put("/else", page("Somebody else's", FERRY))
    feed = site.put("/feed", rss(Item("Seen elsewhere", other, summary="A good piece."), home=site.url), XML)
    column.sync(feed)
    assert (column.texts(), column.one().truncated) == ({"Seen elsewhere": ["A good piece."]}, True)
    assert site.paths() == ["/feed"]


@pytest.mark.parametrize("kind", ["application/json", "application/pdf", "image/png", "x" * 99])
def test_what_is_no_page_is_named(column, site, kind):
    url = site.put("/feed.json", '{"version": "https://jsonfeed.org/version/1.1", "items": []}', kind)
    assert column.sync(url) == {url: FAILED}
    assert column.whys()[url].startswith("It is no page, feed or sitemap, but ")


def test_of_very_many_pages_some_are_read_each_time(column, site):
    links = [site.put(f"/{n}", page(f"Page {n}", paragraphs(f"matter {n}"))) for n in range(3)]
    feed = site.put(
        "/feed", rss(*(Item(f"Page {n}", link, summary="x") for n, link in enumerate(links))), XML
    )
    found = try_source(column.store, feed, column.fetcher(), most_pages=2)
    assert [a.title for a in found.articles] == ["Page 0", "Page 1"]
    assert [f.reason for f in found.failures] == [
        "2 of its pages were read this time; the next sync goes on from there."
    ]


def test_no_file_is_tried_as_a_source(column, tmp_path):
    (tmp_path / "secret.txt").write_text("Secret.")
    for source in (str(tmp_path / "secret.txt"), (tmp_path / "secret.txt").as_uri(), str(tmp_path)):
        found = try_source(column.store, source, column.fetcher())
        assert found.articles == ()
        assert "http" in found.failures[0].reason


def test_trying_says_what_was_taken_down(column, site):
    feed = site.put("/feed", rss(Item("Tide", f"{site.url}/tide", TIDE)), XML)
    column.sync(feed)
    column.store.take_down(column.one().id)
    (found,) = try_source(column.store, feed, column.fetcher()).articles
    assert (found.taken_down, found.known) == (True, False)
