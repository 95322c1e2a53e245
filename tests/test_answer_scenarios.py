"""What people do with an answer: buttons, modals and the shortcut, over the real app and a real column."""

import json
import threading

import pytest
from columns import write
from conftest import bot_running
from wordcolumn import DIMENSION, WordCounts

from bot import actions, buttons, views
from bot.column import Column
from bot.playground import faults as F
from bot.replay import Fate, replay
from bot.state import Judged, Opinion
from index.retriever import Retriever
from index.store import Store
from index.sync import sync

FRONT = "---\ntitle: {title}\nauthor: Ines Calder\ndate: {date}\nurl: https://margin-notes.example.org/{title}\n---\n\n"
OPENS = "The ferry leaves at six, if it leaves at all."
SAILS = "Mara Quill, the harbour master, said on Monday that the ferry would sail."
SOUND = "“The hull is sound,” she added."
RELIC = "Tom Bask said that the ferry was a relic."
GULLS = "“The gulls will have it before long,” Bask warned."
ENDS = "I think that the bridge is a fantasy."
FERRY = (
    FRONT.format(title="ferry", date="2025-09-28")
    + f"{OPENS}\n\n{SAILS} {SOUND}\n\n{RELIC} {GULLS}\n\n{ENDS}\n"
)
BRIDGE = FRONT.format(title="bridge", date="2025-09-20") + (
    "Pia Marsh said that the bridge would never pay for itself. “Fares will rise,” she added.\n\n"
    "Tom Bask said that the bridge was a toy for the rich.\n"
)
ABOUT_QUILL = "what did Mara Quill say about the ferry?"


class Harbour:
    """A column on disk that can be changed, and the answerer over it."""

    def __init__(self, folder):
        self.folder, self.embedder = folder, WordCounts()
        self.store = Store.open(folder / "store", "words@1", DIMENSION)
        self.free = threading.Event()
        self.free.set()
        self.write(ferry=FERRY, bridge=BRIDGE)
        self.column = Column(Retriever(self.store, self.embedder))

    def write(self, **texts):
        sync(self.store, self.embedder, [write(self.folder / "texts", **texts)], whole=True, prune=True)

    def drop(self, name):
        (self.folder / "texts" / f"{name}.md").unlink()
        self.write()


@pytest.fixture
def harbour(tmp_path):
    return Harbour(tmp_path / "harbour")


class Desk:
    """One person at the bot's buttons."""

    def __init__(self, scene):
        self.scene, self.workspace, self.memory = scene, scene.workspace, scene.memory
        self.ada, self.general, self.bob = scene.ada, scene.general, scene.workspace.user("Bob")

    def ask(self, question=ABOUT_QUILL):
        thread = self.scene.mention(question)
        return self.workspace.wait_for_answers(self.general, thread_ts=thread)[-1]

    def command(self, question=ABOUT_QUILL):
        shown = self.workspace.slash(self.ada, self.general, "/column", question)
        return self.workspace.wait_for(lambda: shown.messages)[-1]

    def given(self, message):
        return self.memory.answers.load(id_of(message))

    def click(self, message, action, value=None, who=None):
        clicked = self.workspace.click(who or self.ada, message, action, value)
        assert clicked.error is None
        return clicked

    def modal(self, message, action, value=None, who=None):
        before = {view.id for view in self.workspace.views(who or self.ada)}
        self.click(message, action, value, who)
        return self.workspace.wait_for(
            lambda: [v for v in self.workspace.views(who or self.ada) if v.id not in before]
        )[0]

    def told(self, who=None):
        return self.workspace.wait_for(lambda: self.whispers(who))

    def whispers(self, who=None):
        """What only that person was told, but for answers."""
        seen = self.workspace.ephemerals(who or self.ada, self.general)
        return [m.text for m in seen if not actions_of(m)]

    def shared(self, count=1):
        return self.workspace.wait_for_answers(self.general, count=count)


@pytest.fixture
def desk(build_scene, harbour):
    scene = build_scene(lambda: harbour.column)
    with bot_running(scene) as started:
        assert started.wait(60)
        yield Desk(scene)


def elements(message):
    return [element for block in message.blocks for element in block.get("elements", [])]


def actions_of(message):
    return [element["action_id"] for element in elements(message) if "action_id" in element]


def id_of(message):
    return next(e["value"] for e in elements(message) if e.get("action_id") == buttons.WHY)


def shown_in(view):
    """All that a view shows, as one text."""
    return "\n".join(words(view.blocks))


def words(part):
    if isinstance(part, list):
        for one in part:
            yield from words(one)
    elif isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for value in part.values():
            yield from words(value)


def quotes(view):
    """The words of each quotation of a message or view."""
    parts = [p for b in view.blocks if b["type"] == "rich_text" for p in b["elements"]]
    return ["".join(leaf["text"] for leaf in p["elements"]) for p in parts if p["type"] == "rich_text_quote"]


# ---- the row of buttons


def test_an_answer_in_a_channel_carries_its_buttons_and_its_id(desk):
    answer = desk.ask()
    row = [buttons.CONTEXT, buttons.CITE, buttons.WHY, buttons.REMOVE, buttons.JUDGE]
    assert actions_of(answer) == row
    until(lambda: desk.given(answer).reply_ts == answer.ts)
    assert "Remove" not in answer.text


def test_a_private_answer_can_be_shared_and_an_empty_one_has_nothing_to_cite(desk):
    assert actions_of(desk.command())[3] == buttons.SHARE
    assert actions_of(desk.command("what is our PTO policy?"))[0] in (buttons.WHY, buttons.CONTEXT)
    labels = [e["text"]["text"] for e in elements(desk.command()) if e["type"] == "button"]
    assert labels == ["More context", "Cite", "Why this answer", "Share to channel", "Remove"]


# ---- remove


def test_the_asker_removes_an_answer_from_the_channel_and_it_is_marked(desk):
    answer = desk.ask()
    desk.click(answer, buttons.REMOVE)
    desk.workspace.wait_for(lambda: answer.deleted)
    until(lambda: desk.given(answer).removed_at)


def test_the_asker_removes_what_only_they_see(desk):
    answer = desk.command()
    desk.click(answer, buttons.REMOVE)
    desk.workspace.wait_for(lambda: answer.deleted)
    until(lambda: desk.given(answer).removed_at)
    assert desk.workspace.calls("chat.delete") == []


def test_nobody_else_removes_an_answer_and_is_told_so_alone(desk):
    answer = desk.ask()
    desk.click(answer, buttons.REMOVE, who=desk.bob)
    assert desk.told(desk.bob) == [actions.NOT_YOURS_TO_REMOVE.text]
    assert not answer.deleted
    assert desk.given(answer).removed_at is None
    assert desk.whispers() == []


def test_a_message_that_is_gone_already_counts_as_removed(desk):
    answer = desk.ask()
    desk.workspace.faults.add("chat.delete", F.failing("message_not_found"))
    desk.click(answer, buttons.REMOVE)
    until(lambda: desk.given(answer).removed_at)
    assert desk.whispers() == []


def test_a_removal_that_slack_refuses_is_told_and_not_marked(desk):
    answer = desk.ask()
    desk.workspace.faults.add("chat.delete", F.failing("cant_delete_message"))
    desk.click(answer, buttons.REMOVE)
    assert desk.told() == [actions.FAILED.text]
    assert desk.given(answer).removed_at is None


# ---- share


def test_sharing_posts_the_same_excerpts_once_under_the_asker_s_name(desk):
    answer = desk.command()
    desk.click(answer, buttons.SHARE)
    [shared] = desk.shared()
    assert quotes(shared) == quotes(answer) != []
    head = shared.blocks[0]["elements"][0]["elements"]
    assert head[:2] == [{"type": "text", "text": "Shared by "}, {"type": "user", "user_id": desk.ada}]
    assert shared.text.startswith(f"Shared by ada, who asked: {ABOUT_QUILL}")
    assert "<" not in shared.text
    assert buttons.SHARE not in actions_of(shared)
    until(lambda: desk.given(answer).reply_ts == shared.ts)
    desk.click(answer, buttons.SHARE)
    assert desk.told() == [actions.SHARED.text]
    assert len(desk.workspace.answers(desk.general)) == 1


def test_two_clicks_at_once_share_once(desk):
    answer = desk.command()
    threads = [threading.Thread(target=desk.click, args=(answer, buttons.SHARE)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.told() == [actions.SHARED.text]
    assert len(desk.shared()) == 1
    assert len(desk.workspace.calls("chat.postMessage")) == 1


def test_sharing_that_slack_refuses_is_told_and_can_be_tried_again(desk):
    answer = desk.command()
    desk.workspace.faults.add("chat.postMessage", F.failing("not_in_channel"))
    desk.click(answer, buttons.SHARE)
    assert desk.told() == [actions.NO_MEMBER.text]
    desk.click(answer, buttons.SHARE)
    assert len(desk.shared()) == 1


def test_sharing_that_is_in_doubt_is_not_repeated(desk):
    answer = desk.command()
    desk.workspace.faults.add("chat.postMessage", F.ACCEPT_THEN_RESET)
    desk.click(answer, buttons.SHARE)
    assert desk.told() == [actions.UNCONFIRMED.text]
    desk.click(answer, buttons.SHARE)
    desk.workspace.wait_for(lambda: desk.whispers() == [actions.UNCONFIRMED.text, actions.SHARED.text])
    assert len(desk.workspace.answers(desk.general)) == 1


def test_what_was_shared_can_be_removed_by_the_asker_and_stays_when_the_private_one_goes(desk):
    answer = desk.command()
    desk.click(answer, buttons.SHARE)
    [shared] = desk.shared()
    desk.click(answer, buttons.REMOVE)
    desk.workspace.wait_for(lambda: answer.deleted)
    desk.click(shared, buttons.REMOVE, who=desk.bob)
    assert desk.told(desk.bob) == [actions.NOT_YOURS_TO_REMOVE.text]
    threading.Event().wait(0.2)  # what follows the deletion is done by then
    assert (shared.deleted, desk.given(answer).removed_at) == (False, None)
    desk.click(shared, buttons.REMOVE)
    desk.workspace.wait_for(lambda: shared.deleted)
    until(lambda: desk.given(answer).removed_at)


def test_what_was_removed_is_not_shared(desk):
    answer = desk.command()
    desk.click(answer, buttons.REMOVE)
    until(lambda: desk.given(answer).removed_at)
    desk.click(answer, buttons.SHARE)
    assert desk.told() == [actions.REMOVED.text]
    assert desk.workspace.answers(desk.general) == []


def test_modals_open_while_slack_holds_up_many_posts(desk):
    shared = [desk.command() for _ in range(6)]
    desk.workspace.faults.add("chat.postMessage", *[F.Fault(delay=2.0)] * 6)
    for answer in shared:
        desk.click(answer, buttons.SHARE)
    desk.modal(shared[0], buttons.CITE)
    assert desk.workspace.answers(desk.general) == []
    desk.shared(6)


def test_what_a_person_typed_pings_nobody_when_it_is_shared(desk):
    answer = desk.command("ferry <!channel> <@U123> *Quill*")
    desk.click(answer, buttons.SHARE)
    [shared] = desk.shared()
    kinds = [leaf["type"] for leaf in shared.blocks[0]["elements"][0]["elements"]]
    assert kinds == ["text", "user", "text"]
    assert "<" not in shared.text


# ---- more context


def test_more_context_shows_the_paragraph_before_and_after_with_the_excerpt_set_off(desk):
    view = desk.modal(desk.ask(), buttons.CONTEXT)
    excerpt = desk.memory.answers.of_person(desk.ada)[0].excerpts[0]
    assert quotes(view) == [excerpt.text]
    shown = shown_in(view)
    assert OPENS in shown
    assert f"{RELIC} {GULLS}" in shown
    rich = [leaf for b in view.blocks if b["type"] == "rich_text" for leaf in words(b)]
    assert "".join(rich[1:-1]) == f"{SAILS} {SOUND}"
    assert view.data["private_metadata"] == desk.memory.answers.of_person(desk.ada)[0].id


def test_another_excerpt_is_chosen_in_the_same_modal(desk):
    answer = desk.ask("what did Bask say?")
    given = desk.given(answer)
    assert len(given.excerpts) > 1
    view = desk.modal(answer, buttons.CONTEXT)
    assert quotes(view) == [given.excerpts[0].text]
    desk.click(view, views.CHOOSE, "1")
    desk.workspace.wait_for(lambda: quotes(view) == [given.excerpts[1].text])
    assert [v.id for v in desk.workspace.views(desk.ada)] == [view.id]


def test_everybody_who_sees_an_answer_may_look_at_its_context_and_cite_it(desk):
    answer = desk.ask()
    assert quotes(desk.modal(answer, buttons.CONTEXT, who=desk.bob)) == quotes(answer)[:1]
    assert desk.modal(answer, buttons.CITE, who=desk.bob).data["title"]["text"] == "Cite"


def test_a_paragraph_that_changed_is_shown_as_it_was_and_said_to_have_changed(desk, harbour):
    answer = desk.ask()
    harbour.write(ferry=FERRY.replace("would sail", "might sail"))
    view = desk.modal(answer, buttons.CONTEXT)
    assert Fate.CHANGED.value in shown_in(view)
    assert quotes(view) == quotes(answer)[:1]
    assert Fate.CHANGED.value in shown_in(desk.modal(answer, buttons.CITE))


def test_a_paragraph_that_moved_is_found_again(desk, harbour):
    answer = desk.ask()
    harbour.write(ferry=FERRY.replace(OPENS, f"A new beginning.\n\n{OPENS}"))
    shown = shown_in(desk.modal(answer, buttons.CONTEXT))
    assert Fate.MOVED.value in shown
    assert OPENS in shown


def test_an_article_that_was_removed_is_said_to_be_gone(desk, harbour):
    answer = desk.ask()
    harbour.drop("ferry")
    view = desk.modal(answer, buttons.CONTEXT)
    assert Fate.GONE.value in shown_in(view)
    assert quotes(view) == quotes(answer)[:1]


# ---- cite


def test_a_citation_has_words_speaker_author_title_date_paragraph_and_link(desk):
    view = desk.modal(desk.ask(), buttons.CITE)
    [ready] = [p for b in view.blocks if b["type"] == "rich_text" for p in b["elements"]]
    assert ready["type"] == "rich_text_preformatted"
    [leaf] = ready["elements"]
    excerpt = desk.memory.answers.of_person(desk.ada)[0].excerpts[0]
    first, speaker, work, link = leaf["text"].split("\n")
    assert first == excerpt.text
    assert speaker.startswith("— Mara Quill")
    assert work == "Ines Calder, “ferry”, 28 September 2025, ¶ 2."
    assert link.startswith("https://margin-notes.example.org/ferry#:~:text=")


# ---- feedback


def judged(desk, message):
    return [(j.user, j.opinion, j.reason) for j in desk.memory.feedback.of(id_of(message))]


def test_a_thumbs_up_is_kept_and_thanked_for(desk):
    answer = desk.ask()
    desk.click(answer, buttons.JUDGE, f"up {id_of(answer)}", who=desk.bob)
    assert judged(desk, answer) == [(desk.bob, Opinion.UP, "")]
    assert desk.told(desk.bob) == [actions.THANKS.text]


def test_a_thumbs_down_is_kept_at_once_and_its_reason_when_it_is_sent(desk):
    answer = desk.command()
    down = f"down {id_of(answer)}"
    view = desk.modal(answer, buttons.JUDGE, down)
    assert judged(desk, answer) == [(desk.ada, Opinion.DOWN, "")]
    text = {"type": "plain_text_input", "value": " It is about <@U1> & another ferry. "}
    desk.workspace.submit(view, {views.REASON_BLOCK: {views.REASON: text}})
    assert view.closed
    assert judged(desk, answer) == [(desk.ada, Opinion.DOWN, "It is about <@U1> & another ferry.")]
    again = desk.modal(answer, buttons.JUDGE, down)
    desk.workspace.submit(again, {views.REASON_BLOCK: {views.REASON: text | {"value": None}}})
    assert judged(desk, answer)[0][2].startswith("It is about")


def test_an_opinion_can_be_changed(desk):
    answer = desk.ask()
    desk.modal(answer, buttons.JUDGE, f"down {id_of(answer)}")
    desk.click(answer, buttons.JUDGE, f"up {id_of(answer)}")
    assert judged(desk, answer) == [(desk.ada, Opinion.UP, "")]


# ---- replay


def test_why_shows_what_was_searched_the_scores_and_the_generation(desk):
    answer = desk.ask()
    given = desk.given(answer)
    shown = shown_in(desk.modal(answer, buttons.WHY))
    for part in (
        f"Answer {given.id}",
        ABOUT_QUILL,
        "Searched 2 articles",
        f"generation {given.searched.generation}",
        f"Score {given.excerpts[0].score:.3f}",
        given.excerpts[0].why,
        Fate.SAME.value,
    ):
        assert part in shown


def test_the_same_id_gives_the_same_text_after_a_restart(build_scene, harbour):
    scene = build_scene(lambda: harbour.column)
    with bot_running(scene) as started:
        assert started.wait(60)
        desk = Desk(scene)
        answer = desk.ask()
        before = replay(id_of(answer), scene.memory.answers, harbour.column.article, days=90)
    with bot_running(scene) as started:
        assert started.wait(60)
        view = desk.modal(answer, buttons.WHY)
        again = replay(f" {id_of(answer).upper()} ", scene.memory.answers, harbour.column.article, days=90)
    assert again == before
    assert quotes(view) == quotes(answer)
    harbour.write(ferry=FERRY.replace("would sail", "might sail"))
    changed = replay(id_of(answer), scene.memory.answers, harbour.column.article, days=90)
    assert Fate.CHANGED.value in changed.text
    assert before.text.replace(Fate.SAME.value, Fate.CHANGED.value) == changed.text


def test_before_the_column_is_loaded_buttons_work_out_of_the_memory(build_scene, harbour):
    scene = build_scene(lambda: harbour.column)
    with bot_running(scene) as started:
        assert started.wait(60)
        desk = Desk(scene)
        answer = desk.ask()
    loaded = threading.Event()

    def load():
        assert loaded.wait(60)
        return harbour.column

    late = scene._replace(service=type(scene.service)(**fields_of(scene.service) | {"load": load}))
    with bot_running(late):
        view = desk.modal(answer, buttons.CONTEXT)
        assert quotes(view) == quotes(answer)[:1]
        assert Fate.UNKNOWN.value in shown_in(view)
        ts = desk.workspace.post(desk.ada, desk.general, SAILS)
        check(desk, ts, actions.LOADING.text)
        loaded.set()


def fields_of(service):
    return {name: getattr(service, name) for name in service.__slots__}


def test_an_answer_that_is_forgotten_is_said_to_be(desk):
    answer = desk.ask()
    forget(desk, answer)
    for action in (buttons.CONTEXT, buttons.REMOVE, buttons.WHY):
        desk.click(answer, action)
    told = sorted([actions.forgotten(90).text, actions.forgotten(90).text, actions.FORGOTTEN_ASKER.text])
    desk.workspace.wait_for(lambda: sorted(desk.whispers()) == told)
    assert not answer.deleted


def forget(desk, message):
    """Let the memory lose an answer, as after a month."""
    with desk.memory._engine.begin() as connection:
        connection.exec_driver_sql("delete from answer where id = ?", (id_of(message),))


# ---- the quote check


def check(desk, ts, expected):
    """Use the shortcut on a message and wait until the modal says *expected*."""
    before = {view.id for view in desk.workspace.views(desk.ada)}
    message = desk.workspace.message(desk.general, ts)
    assert desk.workspace.shortcut(desk.ada, actions.CHECK, message).error is None
    [view] = desk.workspace.wait_for(
        lambda: [v for v in desk.workspace.views(desk.ada) if v.id not in before]
    )
    desk.workspace.wait_for(lambda: expected in shown_in(view))
    return view


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SAILS, "Verbatim: these very words stand in the column."),
        ("> Tom Bask said that the ferry was a *relic*.", "Verbatim"),
        (SAILS.replace("Monday", "Tuesday"), "Altered: the column has this, but not in these very words."),
        ("Tom Bask said that the ferry was a relic. I think that the bridge is a fantasy.", "Spliced"),
        ("The moon is made of cheese and wishes.", "Not in the column"),
        ("Remember? “The gulls will have it before long,” he warned us all at dinner, laughing.", "Verbatim"),
        ("it is", "Too short to check"),
        ("<@U1>", actions.NO_TEXT.text),
    ],
)
def test_the_shortcut_checks_a_message(desk, text, expected):
    check(desk, desk.workspace.post(desk.ada, desk.general, text), expected)


def test_what_differs_is_shown_as_typed_and_as_printed_with_its_citation(desk):
    typed = SAILS.replace("Monday", "Tuesday")
    view = check(desk, desk.workspace.post(desk.ada, desk.general, typed), "Altered")
    leaves = [
        leaf for b in view.blocks if b["type"] == "rich_text" for p in b["elements"] for leaf in p["elements"]
    ]
    styled = {json.dumps(leaf["style"]): leaf["text"] for leaf in leaves if "style" in leaf}
    assert styled == {'{"strike": true}': "Tuesday", '{"bold": true}': "Monday"}
    shown = shown_in(view)
    assert "quotation: “Tuesday”; column: “Monday”" in shown
    assert "“ferry”, by Ines Calder · 28 September 2025 · ¶ 2" in shown
    assert quotes(view) == [SAILS]


def test_a_check_that_fails_says_so(desk, harbour):
    def broken(quotation, by=None):
        raise RuntimeError("boom")

    harbour.column.check = broken
    view = check(desk, desk.workspace.post(desk.ada, desk.general, SAILS), actions.FAILED.text)
    assert "boom" not in shown_in(view)


# ---- acks


def test_every_click_is_acknowledged_while_slack_is_slow(desk):
    answer = desk.command()
    desk.workspace.faults.add("chat.postMessage", F.Fault(delay=4))
    desk.click(answer, buttons.SHARE)  # the ack's patience is 3 s here
    assert len(desk.shared()) == 1


def until(predicate):
    """Wait for something that the workspace does not see."""
    for _ in range(6_000):
        if predicate():
            return
        threading.Event().wait(0.01)
    raise TimeoutError


def test_the_opinions_of_two_people_are_two(desk):
    answer = desk.ask()
    desk.click(answer, buttons.JUDGE, f"up {id_of(answer)}")
    desk.click(answer, buttons.JUDGE, f"up {id_of(answer)}", who=desk.bob)
    found = desk.memory.feedback.of(id_of(answer))
    assert [Judged(answer=j.answer, user=j.user, opinion=j.opinion) for j in found] == [
        Judged(answer=id_of(answer), user=user, opinion=Opinion.UP) for user in (desk.ada, desk.bob)
    ]
