// npm's redis (node-redis) against a cluster of three nodes, in both versions of the protocol.
import {RESP_TYPES, WatchError, createClient, createCluster} from 'redis';

import {MEBIBYTE, allBytes, assert, check, cluster, countAcross, finish, ports, sleep} from './harness.mjs';

async function connect(defer, node, options = {}) {
  const client = createClient({
    socket: {host: '127.0.0.1', port: ports[node], reconnectStrategy: 50}, RESP: 3, ...options,
  });
  client.on('error', () => {});  // it connects again by itself
  await client.connect();
  defer(() => client.destroy());
  return client;
}

for (const RESP of [2, 3]) {
  await check(`every node reads what every node wrote, RESP${RESP}`, async (defer) => {
    const clients = await Promise.all(ports.map((_, node) => connect(defer, node, {RESP})));
    for (const [writer, client] of clients.entries()) {
      assert.equal(await client.set('k', `node ${writer}`), 'OK');
      for (const reader of clients) {
        assert.equal(await reader.get('k'), `node ${writer}`);
      }
      assert.deepEqual({...await client.configGet('maxmemory')}, {maxmemory: '0'});
      assert.equal((await client.hello()).proto, RESP);
    }
  });
}

await check('a name, and information', async (defer) => {
  const client = await connect(defer, 0, {name: 'tester'});
  assert.equal(await client.clientGetName(), 'tester');
  assert.equal((await client.clientInfo()).name, 'tester');
  assert.match(await client.info('server'), /redis_version:/);
  assert((await client.commandCount()) > 50);
  assert.equal((await client.commandInfo(['get']))[0].name, 'get');
});

await check('commands of one turn are a pipeline', async (defer) => {
  const client = await connect(defer, await cluster.follower());
  const replies = await Promise.all(Array.from({length: 1000}, () => client.incr('n')));
  assert.deepEqual(replies, Array.from({length: 1000}, (_, i) => i + 1));
  const mixed = await client.multi().set('s', 'x').get('s').execAsPipeline();
  assert.deepEqual(mixed, ['OK', 'x']);
});

await check('transaction', async (defer) => {
  for (const node of ports.keys()) {
    const client = await connect(defer, node);
    assert.deepEqual(await client.multi().set('t', 1).incr('t').get('t').exec(), ['OK', 2, '2']);
  }
});

await check('watch conflict', async (defer) => {
  const client = await connect(defer, 0);
  const other = await connect(defer, 1);
  await client.set('w', 1);
  await client.watch('w');
  await other.set('w', 2);
  await assert.rejects(client.multi().set('w', 3).exec(), WatchError);
  assert.equal(await client.get('w'), '2');
});

await check('scan', async (defer) => {
  const client = await connect(defer, await cluster.follower());
  const names = Array.from({length: 500}, (_, i) => `s:${i}`);
  await client.mSet([...names.map((name) => [name, '1']), ['other', '1']]);
  const found = new Set();
  for await (const some of client.scanIterator({MATCH: 's:*', COUNT: 50})) {
    some.forEach((name) => found.add(name));
  }
  assert.deepEqual([...found].sort(), names.sort());
});

await check('expiry', async (defer) => {
  const client = await connect(defer, 0);
  await client.set('e', '1', {PX: 1000});
  assert((await client.pTTL('e')) > 0);
  await sleep(1200);
  assert.equal(await client.get('e'), null);
});

await check('binary and large values', async (defer) => {
  const client = (await connect(defer, await cluster.follower()))
    .withTypeMapping({[RESP_TYPES.BLOB_STRING]: Buffer});
  const value = Buffer.alloc(16 * MEBIBYTE, allBytes);
  for (const size of [0, 256, MEBIBYTE, 16 * MEBIBYTE]) {
    await client.set(allBytes, value.subarray(0, size));
    assert((await client.get(allBytes)).equals(value.subarray(0, size)), `${size} bytes`);
  }
});

await check('errors', async (defer) => {
  const client = await connect(defer, 0);
  await client.set('text', 'x');
  await assert.rejects(client.incr('text'), /ERR value is not an integer/);
  await assert.rejects(client.sendCommand(['NOSUCH', 'x']), /ERR unknown command 'NOSUCH'/);
  assert.equal(await client.get('text'), 'x');
});

await check('a fail-over behind a follower is not noticed', async (defer) => {
  const client = await connect(defer, await cluster.follower());
  for (let i = 1; i <= 300; ++i) {
    if (i === 100) {
      await cluster.kill(await cluster.leader());
    }
    assert.equal(await client.incr('count'), i);
  }
});

await check('the node it is connected to fails and comes back', async (defer) => {
  const leader = await cluster.leader();
  const client = await connect(defer, leader);
  const failOver = async () => {
    await cluster.kill(leader);
    await cluster.restart(leader);
  };
  await countAcross(failOver, () => client.incr('count'), () => client.get('count'));
});

await check('its cluster client goes on', async (defer) => {
  const client = createCluster({
    // Without HELLO, release 5.9.0 sends nothing but CLIENT SETINFO before it is ready, and takes its
    // failure for an old server's: a connection that is reset meanwhile, because a process that dies
    // closes its listening socket last, counts as ready, and waits for ever.
    RESP: 3,
    rootNodes: ports.map((port) => ({socket: {host: '127.0.0.1', port}})),
    defaults: {socket: {reconnectStrategy: 50}},
  });
  client.on('error', () => {});
  await client.connect();
  defer(() => client.destroy());
  assert.equal(client.masters.length, 1);
  // It asks who leads after a -MOVED only, which the dead do not send: so the node comes back.
  const failOver = async () => {
    const leader = await cluster.leader();
    await cluster.kill(leader);
    await cluster.restart(leader);
  };
  await countAcross(failOver, () => client.incr('count'), () => client.get('count'));
});

finish();
