"""What a cluster costs that has nothing to do, and keys that expire by themselves."""

import time

from edge_support import Case, main


class Idle(Case):
    def test_an_idle_cluster_is_cheap(self):
        nodes = self.cluster(3)
        self.assert_serves(nodes[0])
        time.sleep(2)
        before = [node.cpu_seconds() for node in nodes]
        begin = time.monotonic()
        time.sleep(10)
        elapsed = time.monotonic() - begin
        for node, seconds in zip(nodes, before):
            share = (node.cpu_seconds() - seconds) / elapsed
            resident = node.resident_kib() / 1024
            print(f"node {node.node}: {share:.2%} of a processor, {resident:.1f} MiB resident")
            self.assertLess(share, 0.01)
            self.assertLess(resident, 32)


class Expiry(Case):
    def test_keys_expire_by_themselves_and_through_a_fail_over(self):
        nodes = self.cluster(3)
        leader = self.leader_of(nodes)
        client = leader.client()
        client.call("SET", "short", "1", "PX", "300")
        client.call("SET", "middle", "1", "EX", "4")
        client.call("SET", "long", "1", "EX", "100")
        client.call("SET", "for-ever", "1")
        # Nobody asks for it: it goes from every node's memory.
        self.eventually(lambda: all(node.metric("keys") == 3 for node in nodes),
                        lambda: str([node.metric("keys") for node in nodes]))
        leader.end()
        rest = [node for node in nodes if node is not leader]
        begin = time.monotonic()
        heir = self.leader_of(rest)
        self.eventually(heir.ready, heir.log)
        client = heir.client()
        self.assertIsNone(client.call("GET", "short"))
        self.assertEqual(client.call("GET", "long"), b"1")
        self.assertIn(client.call("TTL", "long"), range(80, 101))
        self.eventually(lambda: all(node.metric("keys") == 2 for node in rest),
                        lambda: str([node.metric("keys") for node in rest]))
        self.assertLess(time.monotonic() - begin, 15)
        self.assertIsNone(client.call("GET", "middle"))
        self.assertEqual(client.call("GET", "for-ever"), b"1")


if __name__ == "__main__":
    main()
