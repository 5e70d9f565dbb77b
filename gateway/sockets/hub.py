"""Who is connected here, and what each is told. A fact is rendered once and written to every socket it is for.

Never waits: a socket that does not take its bytes is closed by its link with "come back and resume".
"""

from collections import defaultdict
from typing import Protocol
from uuid import UUID

import msgspec

from dispatch.cases.audience import Delivery, deliveries
from dispatch.cases.desk_views import hears
from dispatch.cases.facts import Fact
from dispatch.cases.views import Gone
from dispatch.people.values import Role, Who
from dispatch.positions.trail import Glimpse
from gateway.sockets.link import Close, Link, text_frame

encode = msgspec.json.Encoder().encode
SOCKETS_A_PERSON_MAX = 3  # a phone, its old socket that is dying, one more


class OpenSocket(Protocol):
    """A socket of this process, before or after hello, as those see it who look after all of them."""

    who: Who
    link: Link | None

    def beat(self, now: float) -> None:
        """The regular heartbeat; `now`: the feed's seconds."""


class Member:
    """A connected person, past hello."""

    __slots__ = ("cell", "follows", "link", "sent", "shown", "who")

    def __init__(self, who: Who, link: Link, follows: str | None = None) -> None:
        self.who, self.link = who, link
        self.follows = follows  # a supervisor: the station whose desk's screen is shown too
        self.sent = 0  # messages caused by facts
        self.cell: tuple[int, int] | None = None
        self.shown: dict[UUID, Glimpse] = {}  # what a reporter was last shown of each officer on the way

    def tell(self, frame: bytes) -> None:
        self.sent += 1
        self.link.write(frame)

    def tell_soon(self, frame: bytes) -> None:
        self.sent += 1
        self.link.write_soon(frame)

    def tell_latest(self, frame: bytes) -> bool:
        """For what a newer message replaces in a moment: nothing is added behind what waits. Whether it was written."""
        if self.link.unsent:
            return False
        self.link.write(frame)
        return True


class Hub:
    """Members by officer, by desk's station and by reporter's case."""

    def __init__(self) -> None:
        self.officers: dict[UUID, list[Member]] = {}
        self.desks: defaultdict[str, list[Member]] = defaultdict(list)
        self.reporters: defaultdict[UUID, list[Member]] = defaultdict(list)
        self.supervisors: list[Member] = []
        self.followers: defaultdict[str, list[Member]] = defaultdict(list)  # supervisors, by the station they look at
        self.members: set[Member] = set()

    def _seats(self, who: Who) -> list[Member]:
        if who.role is Role.OFFICER and who.officer is not None:
            return self.officers.setdefault(who.officer, [])
        if who.role is Role.REPORTER and who.case is not None:
            return self.reporters[who.case]
        if who.role is Role.SUPERVISOR:
            return self.supervisors
        assert who.station is not None, "whoever is neither officer nor reporter works for a station"
        return self.desks[who.station]

    def join(self, member: Member) -> None:
        """From now on this member is told. Too many sockets of one person: the oldest goes."""
        seats = self._seats(member.who)
        mine = [m for m in seats if m.who.name == member.who.name]
        if len(mine) >= SOCKETS_A_PERSON_MAX:
            mine[0].link.close(Close.REPLACED, "another socket of yours was opened")
            self.leave(mine[0])
        seats.append(member)
        if member.follows is not None:
            self.followers[member.follows].append(member)
        self.members.add(member)

    def leave(self, member: Member) -> None:
        if member in self.members:
            self.members.discard(member)
            seats = self._seats(member.who)
            seats.remove(member)
            if member.follows is not None:
                self.followers[member.follows].remove(member)
            if not seats and member.who.officer is not None:
                self.officers.pop(member.who.officer, None)
            elif not seats and member.who.case is not None:
                self.reporters.pop(member.who.case, None)

    def deliver(self, fact: Fact, *, more: bool = False) -> None:
        """Tells everyone here whom this fact concerns. `more`: other facts follow at once; what they tell the same
        person goes in one write."""
        for delivery in deliveries(fact):
            members = self.reached(delivery)
            if members:
                frame = text_frame(encode(delivery.view))
                if more or isinstance(delivery.view, Gone):  # the answers of those who claimed come in a moment
                    for member in members:
                        member.tell_soon(frame)
                else:
                    for member in members:
                        member.tell(frame)

    def reached(self, delivery: Delivery) -> list[Member]:
        """Members here that a delivery is for."""
        if delivery.supervisors is not None:
            return [m for m in self.supervisors if hears(m.who.station, delivery.supervisors)]
        if delivery.station is not None:
            desks = self.at_desk(delivery.station)
            return desks if not delivery.person else [m for m in desks if m.who.name == delivery.person]
        if delivery.case is not None:
            return self.reporters.get(delivery.case, [])
        found: list[Member] = []
        here = self.officers.get
        for officer in delivery.officers:
            found += here(officer, ())
        return found

    def at_desk(self, station: str) -> list[Member]:
        """Those who see what the station's desk sees."""
        desks, followers = self.desks.get(station, []), self.followers.get(station)
        return desks + followers if followers else desks

    def close_all(self, code: Close, reason: str) -> None:
        for member in list(self.members):
            member.link.close(code, reason)


def concerns(delivery: Delivery, who: Who) -> bool:
    """Is this delivery for this person? The same question as `Hub.reached`, asked from the other side."""
    if delivery.supervisors is not None:
        return who.role is Role.SUPERVISOR and hears(who.station, delivery.supervisors)
    if delivery.station is not None:
        return who.role is Role.DESK and who.station == delivery.station and delivery.person in ("", who.name)
    if delivery.case is not None:
        return who.role is Role.REPORTER and who.case == delivery.case
    return who.role is Role.OFFICER and who.officer in delivery.officers
