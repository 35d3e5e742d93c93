"""What a nemesis of real servers leaves to be done when faults cut its orders short."""

import synchrodb as sdb
from synchrodb import nemesis
from synchrodb.cluster import ClusterError
from synchrodb.real_nemesis import RealNemesis


class FakeCluster:
    """Members, and orders that are refused so many times before they are carried out."""

    def __init__(self, refusals):
        self.nodes = {1: self, 2: self, 4: self}
        self.gone = {3: self}
        self.roles = {1: "voter", 2: "voter", 3: "voter"}
        self.refusals = refusals
        self.options = {}

    def leader(self, _seconds):
        return 1

    def administration(self, _timeout):
        return self

    def members(self):
        return [{"node": node, "role": role} for node, role in self.roles.items()]

    def _may_be_refused(self):
        if self.refusals:
            self.refusals -= 1
            raise ClusterError("another change is under way")

    def add(self, node_id, via, timeout):
        self._may_be_refused()
        self.roles[node_id] = "voter"

    def remove(self, node_id, via, timeout):
        self._may_be_refused()
        del self.roles[node_id]


def settled(refusals, seconds):
    cluster = FakeCluster(refusals)
    noted = []
    plan = sdb.Test(nodes=3, nemesis=nemesis.nothing()).plan(0)
    strokes = RealNemesis(cluster, plan, lambda *what: noted.append(what))
    strokes._newcomers.add(4)
    strokes._settle_membership(seconds)
    return cluster.roles, noted


def test_whoever_is_gone_leaves_and_whoever_came_joins():
    assert settled(0, 1) == ({1: "voter", 2: "voter", 4: "voter"}, [])


def test_what_is_refused_is_asked_for_again():
    assert settled(3, 10) == ({1: "voter", 2: "voter", 4: "voter"}, [])


def test_what_is_refused_for_ever_is_told():
    roles, noted = settled(10**9, 0.1)
    assert roles == {1: "voter", 2: "voter", 3: "voter"}
    assert noted == [("refused", "membership-change: another change is under way", -1)]
