"""A cluster as the fail-over meter of tests/bench/peers wants it: nodes counted from 0."""


class Peer:
    protocol = "resp"

    def __init__(self, cluster):
        self.cluster = cluster
        self.ports = [node.port for node in cluster.nodes.values()]

    def leader(self):
        return self.cluster.leader() - 1

    def kill(self, node):
        self.cluster.kill(node + 1)

    def restart(self, node):
        self.cluster.launch(node + 1)

    def wait_until_serving(self):
        self.cluster.wait_until_serving()
