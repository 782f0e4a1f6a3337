"""Random days in three stores over a line that loses, repeats, delays and reorders: afterwards nothing is wrong.

Each seed is one life: sales, spends, asks for rights, call-backs, enrolments of the same cards in several stores while
disconnected, lines cut and nodes restarted.
"""

import random
from collections import defaultdict

import pytest

from edge_node.errors import AlreadyEnrolled, NotIntroduced, RightsShort
from edge_node.personal import blind
from hub.storage.tables import links
from tests.sessions.chain import Chain
from tests.sessions.channel import ROUGH
from tests.sessions.checks import always_money_adds_up, finally_all_is_well
from tests.sessions.conftest import MakeChain
from tests.sessions.split_hub import SplitHub
from tests.sessions.till import Till, main_points

SEEDS = range(20)
SEEDS_OF_SEVERAL_WORKERS = range(100, 106)
STORES = ("a", "b", "c")
FAR_APART = ("d", "b", "e")
"""Stores in different thirds of the partitions."""

CARDS = tuple(f"CARD-{n}" for n in range(6))
STEPS = 32


class Shoppers:
    """People with cards who turn up anywhere."""

    def __init__(self, chain: Chain, seed: int) -> None:
        self.chain = chain
        self.chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.refused_count = 0

    def live(self, steps: int) -> None:
        """Let so many things happen, with time between them."""
        acts = (self.buy, self.buy, self.buy, self.spend, self.spend, self.ask, self.find, self.sweep, self.trouble)
        for _ in range(steps):
            till = self.chain.tills[self.chance.choice(sorted(self.chain.tills))]
            self.chance.choice(acts)(till)
            self.chain.run(self.chance.choice((0, 10, 200, 1_000, 3_000)))

    def _member(self, till: Till) -> str | None:
        """Find the person here, or enrol them: offline the same card is enrolled in several stores."""
        card = self.chance.choice(CARDS)
        try:
            return till.find(card) or till.enrol(card, f"Owner of {card}")
        except (NotIntroduced, AlreadyEnrolled):
            return None

    def buy(self, till: Till) -> None:
        """Buy something, with or without a card."""
        till.sell(self.chance.randrange(1, 60_000), member=self._member(till))

    def spend(self, till: Till) -> None:
        """Try to pay with points; without rights it is refused and rights are asked for."""
        member = self._member(till)
        if member is None:
            return
        points = self.chance.randrange(1, 400)
        try:
            till.sell(points + self.chance.randrange(1_000), member=member, points=points)
        except RightsShort:
            self.refused_count += 1
            till.ask_rights(main_points(member), points)

    def ask(self, till: Till) -> None:
        """Ask for rights on somebody's points."""
        member = till.find(self.chance.choice(CARDS)) if till.node()["blind_index_key"] else None
        if member is not None:
            till.ask_rights(main_points(member), self.chance.randrange(1, 1_000))

    def find(self, till: Till) -> None:
        """Look somebody up at the hub."""
        if till.node()["blind_index_key"]:
            till.ask_member(self.chance.choice(CARDS))

    def sweep(self, till: Till) -> None:
        """Hand over what is not needed here."""
        till.sweep()

    def trouble(self, till: Till) -> None:
        """Cut the line, join it again, or restart the node."""
        if till.online and self.chance.random() < 0.5:
            till.disconnect()
        elif not till.online:
            till.connect()
        else:
            till.close()
            till.open()
            till.connect()


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_rough_day_nothing_is_lost_doubled_or_different(make_chain: MakeChain, seed: int) -> None:
    _live_a_rough_day(make_chain(*STORES, seed=seed), seed)


@pytest.mark.parametrize("seed", SEEDS_OF_SEVERAL_WORKERS)
def test_several_workers_at_once_on_one_database_come_to_the_same(make_chain: MakeChain, seed: int) -> None:
    chain = make_chain(*FAR_APART, seed=seed, workers=len(FAR_APART))
    hub = chain.hub.session
    assert isinstance(hub, SplitHub)
    assert len({id(hub.session_of(till.actor)) for till in chain.tills.values()}) == len(FAR_APART)
    _live_a_rough_day(chain, seed)


def _live_a_rough_day(chain: Chain, seed: int) -> None:
    chain.connect_all()
    chain.channel.line = ROUGH
    shoppers = Shoppers(chain, seed)
    shoppers.live(STEPS)
    always_money_adds_up(chain)
    chain.settle()
    finally_all_is_well(chain)
    assert shoppers.refused_count > 0
    _finally_every_card_names_one_person(chain)


def _finally_every_card_names_one_person(chain: Chain) -> None:
    people: defaultdict[str, set[str]] = defaultdict(set)
    for row in chain.hub.rows(links):
        alias_of = chain.hub.fields(row.member).get("alias_of")
        people[row.blind].add(str(alias_of[0]) if alias_of else row.member)
    assert all(len(found) == 1 for found in people.values())
    key = chain.hub.store.blind_index_key
    for card in CARDS:
        (person,) = people.get(blind(key, "card", card), {None})
        assert {till.find(card) for till in chain.tills.values()} <= {person, None}
