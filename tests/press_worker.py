"""One process of three: at each time that it reads, it looks which digests are due, and says so."""

import sys
from pathlib import Path

from newsroom import ADMIN, Column, piece

from bot.poster import Poster, posting_client
from bot.press import Press
from bot.state import Memory


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def main(path, token, api_url):
    clock = Clock()
    column = Column(clock)
    with Memory(Path(path), clock=clock) as memory:
        posts = Poster(posting_client(token, api_url, direct=True, patient=False))
        press = Press(memory, posts, column, (ADMIN,), clock)
        print("ready", flush=True)
        for line in sys.stdin:
            time, number = line.split()
            clock.now = float(time)
            if f"a{number}" not in column.there:
                column.put(piece(int(number)), at=float(time) - 60)
            press.tick()
            print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
