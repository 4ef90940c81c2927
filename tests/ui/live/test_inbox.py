import asyncio

import pytest

from ui.live.inbox import MOST_WAITING, Inbox


def test_a_newer_picture_takes_the_place_of_the_one_that_waits():
    async def run() -> None:
        inbox = Inbox()
        for n in range(100):
            assert inbox.put(b"%d" % n)
        assert len(inbox) == 1
        given = await inbox.get()
        assert (given.content, given.skipped) == (b"99", 99)
        inbox.put(b"100")
        assert (await inbox.get()).skipped == 0

    asyncio.run(run())


def test_texts_are_kept_in_their_order_between_pictures_and_not_without_end():
    async def run() -> None:
        inbox = Inbox()
        for content in (b"1", b"2", "calm", b"3", "end"):
            assert inbox.put(content)
        assert [(await inbox.get()).content for _ in range(4)] == [b"2", "calm", b"3", "end"]
        taken = [inbox.put("calm") for _ in range(MOST_WAITING + 3)]
        assert taken == [True] * MOST_WAITING + [False] * 3
        assert len(inbox) == MOST_WAITING

    asyncio.run(run())


def test_who_waits_is_woken_by_a_message_and_by_the_end():
    async def run() -> None:
        inbox = Inbox()
        waiting = asyncio.create_task(inbox.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        inbox.put(b"1")
        assert (await waiting).content == b"1"
        waiting = asyncio.create_task(inbox.get())
        await asyncio.sleep(0)
        inbox.close()
        assert await waiting is None
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(Inbox().get(), 0.01)

    asyncio.run(run())


def test_what_waits_when_the_client_has_gone_is_dropped():
    async def run() -> None:
        inbox = Inbox()
        inbox.put(b"1")
        inbox.close()
        assert await inbox.get() is None

    asyncio.run(run())
